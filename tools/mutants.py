"""Change the core in one place at a time, and see whether a test notices.

    python tools/mutants.py                # the families, the tightening and the reach
    python tools/mutants.py families.jobs  # one of them
    python tools/mutants.py --left         # only what is neither killed nor explained so far
    python tools/mutants.py --shuffled     # in random order: a run that is ended is a fair sample

Each mutant is a process forked from one that has everything imported. It runs the tests that have
killed most of its module's mutants so far, then all of its module until one fails, then all that
ask about the model. A mutant that no test of its module kills is built on random instances too:
where every matrix comes out as before, no test of the model can tell it from the original.
`data/results/trust/mutants.csv` has a row for each mutant of the code as it is, `killed` blank as
long as it was not asked; `tools/survivors.csv` says why those that survive do no harm.

The libraries for this (cosmic-ray, mutmut) start a process and import linopy for each mutant, or
change strings and arguments; neither drops a row or a term, the mistakes that matter in a model.
"""

from __future__ import annotations

import ast
import hashlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from random import Random
from types import ModuleType

import pandas as pd
import pytest
from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "agreement")]

from draws import draw_any_step  # noqa: E402
from test_opinions import TOGGLES  # noqa: E402

from carbonsched.core.build import build  # noqa: E402
from carbonsched.core.families import FAMILIES  # noqa: E402
from carbonsched.core.formulation import FORMULATIONS  # noqa: E402
from carbonsched.core.method import METHODS  # noqa: E402
from carbonsched.io import replacing  # noqa: E402

TABLE, WHY = ROOT / "data" / "results" / "trust" / "mutants.csv", ROOT / "tools" / "survivors.csv"
MODULES = [*(f"families.{family.name}" for family in FAMILIES), "tighten", "reach"]  # of the core
KEY = ["file", "line", "column", "function", "change"]
SUITE = (
    "tests/core/test_build.py", "tests/core/test_reach.py", "tests/core/test_tighten_by_hand.py",
    "tests/core/families", "tests/solver/test_decided.py", "tests/operate/test_reoptimise.py",
)  # fmt: skip
QUIET = ("-p", "no:cacheprovider", "-p", "no:xdist", "--every-case", "-m", "not long")
SECONDS = 1800  # a mutant that takes longer is killed by the clock
OWN_SECONDS = 300  # the same for the tests of its own module, which take some twenty
SHARPEST = 20  # tests of a module that are asked before the others
TWINS = {"min": "max", "minimum": "maximum", "any": "all", "argmin": "argmax"}
TWINS |= {other: one for one, other in TWINS.items()}
SWAPS = {
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Div: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,), ast.BitOr: (ast.BitAnd,), ast.And: (ast.Or,), ast.Or: (ast.And,),
    ast.LtE: (ast.GtE, ast.Lt), ast.GtE: (ast.LtE, ast.Gt), ast.Eq: (ast.LtE, ast.GtE),
    ast.Lt: (ast.GtE, ast.LtE), ast.Gt: (ast.LtE, ast.GtE),
}  # fmt: skip


def changes(node: ast.AST) -> Iterator[ast.AST | None]:
    """Yield what may stand in the place of a node; None for nothing at all."""

    def but(**slots: object) -> ast.AST:
        other = deepcopy(node)
        for name, value in slots.items():
            setattr(other, name, value)
        return other

    match node:
        case ast.BinOp(left=left, op=op, right=right):
            yield from (but(op=kind()) for kind in SWAPS.get(type(op), ()))
            yield from (left, right)  # a term or factor dropped
        case ast.BoolOp(op=op, values=values):
            yield from (but(op=kind()) for kind in SWAPS[type(op)])
            yield from values
        case ast.Compare(ops=[op], comparators=[right]):
            words = isinstance(right, ast.Constant) and isinstance(right.value, str)
            kinds = (ast.NotEq,) if words else SWAPS.get(type(op), ())
            yield from (but(ops=[kind()]) for kind in kinds)
        case ast.UnaryOp(operand=operand):
            yield operand
        case ast.Constant(value=bool(value)):
            yield but(value=not value)
        case ast.Constant(value=int(value) | float(value)):
            yield but(value=value + 1)
        case ast.Attribute(attr=attr) if attr in TWINS:
            yield but(attr=TWINS[attr])
        case ast.Call(args=args, keywords=keywords) if args or len(keywords) > 1:
            for k, keyword in enumerate(keywords):
                if keyword.arg not in ("name", "coords", "drop"):  # all raise without
                    yield but(keywords=keywords[:k] + keywords[k + 1 :])
        case ast.If(test=test):
            yield but(test=ast.UnaryOp(ast.Not(), test))
        case ast.Expr(value=ast.Call()):
            yield None  # a row, a contribution or an update dropped


class Swap(ast.NodeTransformer):
    """Put something in the place of one node."""

    def __init__(self, old: ast.AST, new: ast.AST | None) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        if node is self.old:
            return ast.Pass() if self.new is None else self.new
        return self.generic_visit(node)


def mutants(module: ModuleType) -> Iterator[tuple[dict[str, object], ast.Module]]:
    """Yield the mutants of a module's functions: what was changed, and the changed tree."""
    path = Path(module.__file__)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        node: function.name
        for part in tree.body
        for function in (part.body if isinstance(part, ast.ClassDef) else [part])
        if isinstance(function, ast.FunctionDef)
        for statement in function.body[1:]  # past the docstring
        for node in ast.walk(statement)
    }
    for k, node in enumerate(ast.walk(tree)):
        for new in changes(node) if node in inside else ():
            changed = deepcopy(tree)
            after = ast.Pass() if new is None else deepcopy(new)
            ast.copy_location(after, node)
            changed = Swap(list(ast.walk(changed))[k], after).visit(changed)
            shown = (node.test, new.test) if isinstance(node, ast.If) else (node, after)
            yield (
                {
                    "file": path.relative_to(ROOT).as_posix(),
                    "line": node.lineno,
                    "column": node.col_offset,
                    "function": inside[node],
                    "change": " -> ".join(" ".join(ast.unparse(n).split()) for n in shown),
                },
                ast.fix_missing_locations(changed),
            )


def put_in_place(module: ModuleType, tree: ast.Module) -> None:
    """Run the changed module, also for all that have imported its functions by name."""
    before = dict(vars(module))
    exec(compile(tree, module.__file__, "exec"), vars(module))
    if "family" in before:  # the one object that everybody holds becomes one of the new class
        before["family"].__class__ = type(vars(module)["family"])
        vars(module)["family"] = before["family"]
    ours = [m for name, m in sys.modules.items() if name.startswith(("carbonsched", "test_"))]
    for other in ours:
        for name, value in list(vars(other).items()):
            if callable(value) and before.get(name) is value:
                setattr(other, name, vars(module)[name])


def matrices() -> str:
    """Return a digest of the models of some random instances, in every formulation and method."""
    start = FORMULATIONS["start"]
    forms = [(method, start) for method in METHODS if method != "energy_only"]
    forms += [(method, FORMULATIONS["paper"]) for method in ("joint", "no_routing")]
    forms += [("joint", replace(start, **{slot: way})) for slot, way in TOGGLES.items()]
    orders = [FAMILIES] * len(forms) + [sorted(FAMILIES, key=lambda family: family.name != "jobs")]
    forms += [("joint", start)]  # jobs ahead of all: their first variable is linopy's first
    digest = hashlib.sha256()
    for seed, ((method, form), order) in enumerate(zip(forms, orders, strict=True)):
        found = build(draw_any_step(seed), form, method=method, families=order).matrices
        for part in (found.A.toarray(), found.b, found.c, found.lb, found.ub):
            digest.update((part + 0.0).tobytes())
        digest.update("".join([*found.sense, *found.vtypes]).encode())
    return digest.hexdigest()


class FirstFailure:
    """Remember which test failed first."""

    name = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.name:
            self.name = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.pytest_runtest_logreport(report)


class Collected:
    """Remember which tests there are."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        self.names |= {item.nodeid for item in items}


def sharpest(there: set[str]) -> dict[str, list[str]]:
    """Return by file of the core the tests that killed most of its mutants, of those there are."""
    if not TABLE.exists():
        return {}
    table = pd.read_csv(TABLE)
    killers = table[table.killed_by.isin(there)].groupby("file").killed_by
    return {file: [*names.value_counts().index[:SHARPEST]] for file, names in killers}


def run_tests(*given: str, **how: object) -> int:
    return pytest.main(["-q", "--rootdir", str(ROOT), *QUIET, *given], **how)


def examine(
    module: ModuleType, function: str, tree: ast.Module, reference: str, sharp: list[str]
) -> str:
    """Return the test that kills a mutant, or "" and what it looks like to the tests."""

    def killer(*paths: str, only: str = "not (_then_ or time_limit)") -> str:
        seen = FirstFailure()
        code = run_tests("-x", "-k", only, *paths, plugins=[seen])
        return seen.name or ("" if code in (0, 5) else f"pytest ends with {int(code)}")

    put_in_place(module, tree)
    name = module.__name__.rpartition(".")[2]
    folder = "tests/core/families" if "families" in module.__name__ else "tests/core"
    by_hand = name == "tighten"  # its other tests take the whole model each
    moving = "tests/operate/test_reoptimise.py"
    own = f"{folder}/test_{name}{'_by_hand' * by_hand}.py"
    beside = {"update": moving, "settled": "tests/solver/test_decided.py"}  # no matrix shows it
    first = [own, beside[function]] if function in beside else [own]
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(OWN_SECONDS)
    found = (killer(*sharp) if sharp else "") or killer(*first)
    signal.alarm(0)
    if found:
        return found
    try:
        same = matrices() == reference
    except Exception as error:
        return f"a random instance: {type(error).__name__}"
    if same:
        return "" if function == "update" else killer(moving)
    rest = [path for path in SUITE if path not in first]
    return killer(*rest) or killer("tests/agreement", only="[0] or [1] or [2] or [3] or [5] or [8]")


def too_long(*_: object) -> None:
    """Fail the test that is running: a mutant can make a program of seconds one of hours."""
    raise TimeoutError


def in_a_process(task: object, seconds: float) -> str:
    """Return what a task returns in a fork of this process, or that it took too long."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        try:
            os.write(write, task().encode())
        except BaseException as error:  # whatever it is, the mutant did not get away with it
            os.write(write, f"{type(error).__name__} at import".encode())
        os._exit(0)
    os.close(write)
    deadline = time.monotonic() + seconds
    while os.waitpid(child, os.WNOHANG)[0] == 0:
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "the clock"
        time.sleep(0.05)
    with os.fdopen(read) as pipe:
        return pipe.read()


def main(names: list[str], left: bool = False, shuffled: bool = False) -> None:
    rooms = dict.fromkeys((*MODULES, *names))
    modules = [import_module(f"carbonsched.core.{path}") for path in rooms]
    os.chdir(ROOT)
    collected = Collected()
    run_tests("--collect-only", *SUITE, plugins=[collected])
    sharp = sharpest(collected.names)
    reference = in_a_process(matrices, SECONDS)  # a solve here would leave its threads to no fork
    every = [(module, *mutant) for module in modules for mutant in mutants(module)]
    whole = pd.DataFrame([about for _, about, _ in every])
    every = [mutant for mutant in every if mutant[0].__name__.split(".core.")[1] in names]
    every.sort(key=lambda mutant: mutant[1]["function"] == "update")  # those take minutes each
    if left and TABLE.exists():
        table = pd.read_csv(TABLE)
        known = table[table.killed.eq(True) | table.why.notna()]
        done = set(known[KEY].itertuples(index=False, name=None))
        every = [mutant for mutant in every if tuple(mutant[1][k] for k in KEY) not in done]
    if shuffled:
        Random(0).shuffle(every)
    rows = []
    for module, about, tree in tqdm(every):
        begun = time.monotonic()
        killed_by = in_a_process(
            lambda m=module, a=about, t=tree: examine(
                m, a["function"], t, reference, sharp.get(a["file"], [])
            ),
            SECONDS,
        )
        rows.append(about | {"killed": bool(killed_by), "killed_by": killed_by})
        tqdm.write(f"{time.monotonic() - begun:5.1f} s  {rows[-1]}")
        write(pd.DataFrame(rows), whole)


def write(table: pd.DataFrame, whole: pd.DataFrame) -> None:
    """Write the table with what is known of the survivors; rows not tried again stay.

    `whole` has every mutant of the code as it is: rows of code that is no more are left out.
    """
    if TABLE.exists():
        known = pd.read_csv(TABLE, keep_default_na=False, na_values={"killed": ""})
        table = pd.concat([known.drop(columns="why"), table]).drop_duplicates(KEY, keep="last")
    table = whole.drop_duplicates(KEY).merge(table, how="left", on=KEY)
    table = table.merge(pd.read_csv(WHY), how="left", on=["file", "function", "change"])
    table["why"] = table["why"].where(table.killed.eq(False))
    with replacing(TABLE) as new:
        table.sort_values(["file", "line"], kind="stable").to_csv(new, index=False)


if __name__ == "__main__":
    asked = [name for name in sys.argv[1:] if not name.startswith("--")]
    main(asked or MODULES, "--left" in sys.argv, "--shuffled" in sys.argv)
