"""A family of a user's own: a mistake in it is named, and what it asks for is never passed over."""

import re
from pathlib import Path

import pytest
import xarray as xr
from own_families import with_own

import carbonsched as cs
from carbonsched.core.families import __doc__ as TABLE
from carbonsched.operate.reoptimise import RebuildReason, Reoptimiser


class MinimumTake(cs.Family):
    """Each site imports so much, or pays for what it is short; a window takes its share."""

    name = "minimum_take"
    parameters = (
        cs.Quantity("take", ("site",), "MWh", lower=0, default=0.0),
        cs.Quantity("take_price", ("site",), "USD/MWh", lower=0, default=80.0),
    )
    decisions = (cs.Quantity("shortfall", ("site",), "MWh", lower=0),)

    def declare(self, model, data, formulation):
        model.add_variables(0, coords=cs.over(data, "site"), name="shortfall")

    def constrain(self, model, data, formulation):
        bought = (data.step_hours * model["grid_import"]).sum("time")
        model.add_constraints(bought + model["shortfall"] >= data.take, name="minimum_take:short")

    def worth(self, data):
        return {"minimum_take": {"shortfall": -data.take_price}}

    def carry(self, whole, done, window):
        left = whole.take - (whole.step_hours * done.grid_import).sum("time")
        share = window / (whole.sizes["time"] - done.sizes["time"])
        return {"take": share * left.clip(min=0)}

    def judge(self, data, decided):
        bought = (data.step_hours * decided.grid_import).sum("time")
        short = data.take - bought - decided.shortfall
        yield "import and shortfall make the take", "MWh", short, data.take


class Must(cs.Family):
    """A least import, with no way out."""

    name = "must"
    parameters = (cs.Quantity("least", ("site",), "MWh", lower=0, default=1e5),)

    def constrain(self, model, data, formulation):
        bought = (data.step_hours * model["grid_import"]).sum("time")
        model.add_constraints(bought >= data.least, name="must:import")

    def judge(self, data, decided):
        bought = (data.step_hours * decided.grid_import).sum("time")
        yield "least import", "MWh", data.least - bought, data.least


TAKE = MinimumTake()


@pytest.fixture
def small(make):
    """One site that draws 10 MW for four hours at 10 USD/MWh."""
    return make(1, 4, 0, 1, demand=10)


def bad(**own):
    return type("Bad", (MinimumTake,), own)()


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"worth": lambda s, d: {"m": {"short": -d.take_price}}}, "`worth` failed.*'short' is no"),
        ({"worth": lambda s, d: {"shortfall": -d.take_price}}, "`worth` failed"),
        ({"worth": lambda s, d: {"m": {"shortfall": d.demand}}}, "`worth` failed.*dimension"),
        ({"decisions": ()}, "`worth` failed.*'shortfall' is not among the decisions"),
        ({"emitted": lambda s, d: {"smoke": 1.0}}, "`emitted` failed.*'smoke'"),
        ({"constrain": lambda s, m, d, f: m["imported"]}, "`constrain` failed.*'imported'"),
        ({"constrain": lambda s, m, d: None}, "`constrain` failed, TypeError"),
        ({"declare": lambda s, m, d, f: None}, "`declare` failed.*decision 'shortfall'"),
        (
            {"decisions": (cs.Quantity("shortfall", ("site", "time"), "MWh"),)},
            r"`declare` failed.*'shortfall' is over \('site',\)",
        ),
        ({"judge": lambda s, d, x: None}, "`judge` failed"),
        ({"judge": lambda s, d, x: iter([("r", "MWh", d.take)])}, "`judge` failed"),
    ],
)
def test_an_authors_mistake_names_family_and_method(small, own, said):
    with pytest.raises(cs.FamilyError, match=f"the family minimum_take: {said}"):
        cs.solve(small, families=with_own(bad(**own)))


def test_labels_that_differ_are_a_mistake_and_not_left_out(small):
    short = bad(constrain=lambda s, m, d, f: d.import_price + d.import_price.isel(time=[0]))
    unchosen = xr.set_options(arithmetic_join="inner")
    with unchosen, pytest.raises(cs.FamilyError, match="`constrain` failed, AlignmentError"):
        cs.solve(small, families=with_own(short))


def test_a_mistake_in_update_or_carry_is_named_too(small):
    lame = bad(moves=frozenset({"take"}), update=lambda s, m, d, f: m["nothing"])
    again = Reoptimiser(families=with_own(lame))
    again.solve(small.with_families([lame]))
    with pytest.raises(cs.FamilyError, match="minimum_take: `update` failed"):
        again.solve(small.with_families([lame], take=50.0))
    for carry in (lambda s, w, d: {}, lambda s, w, d, n: {"take": d.none}):
        with pytest.raises(cs.FamilyError, match="minimum_take: `carry` failed"):
            cs.roll(small, families=with_own(bad(carry=carry)), window=2, step=1)


def test_the_papers_families_raise_their_own(small, monkeypatch):
    def broken(*args):
        raise KeyError("ours")

    monkeypatch.setattr(type(cs.FAMILIES[3]), "declare", broken)
    with pytest.raises(KeyError, match="ours"):
        cs.build(small)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", None, 3])
def test_a_name_must_be_printable(small, name):
    with pytest.raises(TypeError, match="no printable text"):
        cs.build(small, families=with_own(bad(name=name)))


def test_only_what_is_given_twice_is_named(small):
    with pytest.raises(TypeError, match=r"a name is given twice, 'minimum_take'$"):
        cs.build(small, families=with_own(TAKE, MinimumTake(), Must()))


def test_a_schedule_is_judged_by_the_families_given(small):
    """Proves: 40 MWh are bought, 100 must be: asked by the family, 60 are missing."""
    must, plain = Must(), cs.solve(small)
    asked = small.with_families([must], least=100.0)
    report = cs.verify(asked, plain, families=[must])
    (broken,) = report.broken
    assert (broken.equation, broken.worst) == ("must", pytest.approx(60))
    (missing,) = cs.verify(small, plain, families=[TAKE]).broken
    assert (missing.equation, missing.label) == ("minimum_take", "missing: shortfall")
    assert cs.verify(asked, plain).unjudged == ("least",) and not cs.verify(asked, plain).ok
    assert cs.verify(small, plain).ok


def test_a_rule_that_the_instance_states_is_not_passed_over(small, tmp_path):
    asked = small.with_families([TAKE], take=100.0)
    plain = cs.solve(small)
    calls = [
        lambda: cs.build(asked),
        lambda: cs.solve(asked),
        lambda: cs.solve(asked, engine="column-generation"),
        lambda: cs.solve(asked, families=with_own(Must())),
        lambda: cs.roll(asked, window=2, step=1),
        lambda: Reoptimiser().solve(asked),
        lambda: cs.certify(asked, plain),
        lambda: cs.table(asked),
        lambda: cs.sweep({"a": asked}, cache=tmp_path / "rows"),
    ]
    for call in calls:
        said = r"take \[MWh\]: a parameter of a family that is not given.*without_families\(\)"
        with pytest.raises(cs.InstanceError, match=said):
            call()
    dropped = asked.without_families()
    assert dropped.extra == () and cs.solve(dropped).objective == plain.objective
    again = cs.load(asked.save(tmp_path / "asked.nc"), families=[TAKE])
    assert cs.solve(again, families=with_own(TAKE)).data.shortfall.item() == pytest.approx(60)


def test_a_worth_of_the_wrong_sign_is_unbounded_not_infeasible(small):
    gift = bad(
        worth=lambda self, data: {"gift": {"shortfall": data.take_price}},
        moves=frozenset({"take_price"}),
    )
    with pytest.raises(cs.UnboundedError, match="minimum_take"):
        cs.solve(small, families=with_own(gift))
    again = Reoptimiser(families=with_own(gift), gap=0)
    for take_price in (80.0, 0.0):  # held in place, it goes on from there
        instance = small.with_families([gift], take_price=take_price)
        if take_price:
            with pytest.raises(cs.UnboundedError, match="minimum_take"):
                again.solve(instance)
        else:
            assert again.solve(instance).objective == pytest.approx(cs.solve(small).objective)
    assert (again.rebuilds, again.updates) == (1, 1)
    jobs = cs.generate(2, 6, 3, 1, seed=0)  # with integers
    with pytest.raises(cs.UnboundedError, match="minimum_take"):
        cs.solve(jobs, families=with_own(gift))


def test_what_a_family_makes_infeasible_is_laid_to_it(small):
    with pytest.raises(cs.InfeasibleError, match=r"\(1\)-\(16\) and the family must") as caught:
        cs.solve(small, families=with_own(Must()), explain=True)
    assert "alone leave a schedule: what there is none for is what the family must" in str(
        caught.value
    )
    assert "another solver" not in str(caught.value)
    diagnosis = cs.diagnose(small, families=with_own(Must()))
    assert diagnosis.families == ("must",) and "no part in this takes" in str(diagnosis)


class Moved(MinimumTake):
    moves = frozenset({"take"})

    def update(self, model, data, formulation):
        model.constraints["minimum_take:short"].update(rhs=data.take)


class Forgot(MinimumTake):
    """It says that it moves its take, and does not."""

    moves = frozenset({"take"})


class Wear(MinimumTake):
    """A parameter of the paper stands in its row, `import_price`, and it does not name it."""

    judge = cs.Family.judge
    moves = frozenset({"take"})

    def constrain(self, model, data, formulation):
        paid = (data.step_hours * data.import_price * model["grid_import"]).sum("time")
        row = paid + model["shortfall"] >= 10 * data.take
        model.add_constraints(row, name="minimum_take:short")


@pytest.mark.parametrize(
    ("family", "change", "reason"),
    [
        (Moved(), {"take": 100.0}, None),
        (Forgot(), {"take": 100.0}, RebuildReason.STALE),
        (Wear(), {"import_price": 20.0}, RebuildReason.STALE),
        (Wear(), {"carbon_budget": 1e9}, None),
    ],
)
def test_a_model_that_was_moved_wrongly_is_built_anew(small, family, change, reason):
    """Sensitivity: without the comparison, the optimum of the numbers before is returned."""
    families = with_own(family)
    first = small.replace(carbon_budget=1e8).with_families([family], take=50.0)
    again = Reoptimiser(families=families, gap=0)
    again.solve(first)
    instance = first.replace(**change)
    fresh = cs.solve(instance, families=families, gap=0)
    assert again.solve(instance).objective == pytest.approx(fresh.objective)
    assert again.reason == reason


def test_a_rule_over_the_horizon_is_shared_by_windows(small):
    """Proves: 40 MWh are drawn; of 40 to take, each window of two gets half of what is left.

    Sensitivity: a window that had the whole take would be 20 short, and pay for it in vain.
    """
    asked = small.with_families([TAKE], take=40.0)
    shares = []

    class Noted(MinimumTake):
        def carry(self, whole, done, window):
            carried = super().carry(whole, done, window)
            shares.append(carried["take"].item())
            return carried

    rolled = cs.roll(asked, families=with_own(Noted()), window=2, step=2, gap=0)
    assert shares == pytest.approx([20, 20])
    assert rolled.data.shortfall.item() == pytest.approx(0, abs=1e-6)


def test_messages_say_what_to_give(small, tmp_path):
    bare = bad(parameters=(cs.Quantity("take_price", ("site",), "USD"),))
    with pytest.raises(cs.InstanceError, match=r"take_price: missing \(USD\)"):
        small.with_families([bare])
    asked = small.with_families([TAKE], take=1.0)
    for target in ("folder", "file.nc"):
        with pytest.raises(cs.InstanceError, match=r"take.* of a family of your own, give the"):
            cs.load(asked.save(tmp_path / target))


def test_the_table_of_equations_holds():
    """Each row, function and number that the docstring of the families names is in the code."""
    root = Path(cs.__file__).parent
    stated = "".join(path.read_text() for path in (root / "core" / "families").glob("[a-z]*.py"))
    texts = {
        "judged": (root / "judge" / "verify.py").read_text(),
        "exact": (root / "proof" / "exact_schedule.py").read_text(),
        "bound": (root / "bounds" / "lagrangian.py").read_text(),
    }
    rows = re.findall(r"^\((\d+)\) +(.+?)  +(\S+)  +(.+?)  +(\S+)$", TABLE, re.M)
    assert [int(row[0]) for row in rows] == list(range(1, 17))

    def body(text, name):
        return re.search(rf"^def {name}\(.*?(?=^def |\Z)", text, re.M | re.S)[0]

    for number, where, judged, exact, bound in rows:
        for name in re.findall(r"\w+:\w+", where):
            assert f'"{name}"' in stated, name
        assert f'"{number}"' in body(texts["judged"], judged)
        assert exact == "by construction" or body(texts["exact"], exact)
        if exact == "_excesses":
            assert f'"{number}"' in body(texts["exact"], exact)
        assert f"({number})" in body(texts["bound"], bound), (number, bound)
