"""The lists of dependencies say the same thing, and none of them says where to download from."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, metadata, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
OLDEST_PYTHON = "3.11.2"  # what Debian 12 ships
SKIPPED = {".git", ".venv", ".venv-lock", "_build", ".pytest_cache", ".ruff_cache", ".hypothesis"}


def canonical(lines):
    """Return requirements as a set of (name, extras, constraint), however they are spelt."""
    found = [Requirement(line) for line in lines]
    return {(canonicalize_name(r.name), frozenset(r.extras), str(r.specifier)) for r in found}


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def direct(project):
    """Everything pyproject.toml asks for, extras included, but for carbonsched itself."""
    extras = project["project"]["optional-dependencies"].values()
    lines = project["project"]["dependencies"] + [line for extra in extras for line in extra]
    return [line for line in lines if Requirement(line).name != "carbonsched"]


@pytest.fixture(scope="module")
def conda():
    """Return the conda packages and the lines handed to pip in environment.yml."""
    lines = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    packages = [line for line in lines if isinstance(line, str)]
    (handed_on,) = (line["pip"] for line in lines if isinstance(line, dict))
    return packages, handed_on


@pytest.fixture(scope="module")
def lock():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.+!]+", line) for line in lines)
    pairs = [line.split("==") for line in lines]
    pinned = {canonicalize_name(name): Version(version) for name, version in pairs}
    assert len(pinned) == len(lines), "a package is locked twice"
    return pinned


def test_conda_environment_matches_pyproject(conda, direct):
    packages, handed_on = conda
    assert canonical(line for line in handed_on if not line.startswith("-")) == canonical(direct)
    assert "-c requirements.lock" in handed_on
    assert "-e ." in handed_on
    assert "pip" in packages


def test_conda_python_is_one_pyproject_supports(conda, project):
    (python,) = (line for line in conda[0] if line.startswith("python="))
    supported = Requirement(f"python{project['project']['requires-python']}").specifier
    assert supported.contains(python.removeprefix("python="))


def test_every_direct_dependency_is_locked_inside_its_constraint(direct, lock, project):
    for requirement in map(Requirement, direct + project["build-system"]["requires"]):
        version = lock.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} is not in requirements.lock"
        assert requirement.specifier.contains(version), f"{requirement} but locked at {version}"


@pytest.mark.skipif(sys.platform != "linux", reason="the lock is made on Linux")
def test_lock_is_complete(lock):
    """Whatever a locked package needs on this machine is locked too, at a version it accepts."""
    for name in lock:
        try:
            needs = [Requirement(line) for line in requires(name) or []]
        except PackageNotFoundError:
            continue
        for need in needs:
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                version = lock.get(canonicalize_name(need.name))
                assert version is not None, f"{name} needs {need.name}, which is not locked"
                assert need.specifier.contains(version, prereleases=True), f"{name} needs {need}"


def test_lock_serves_the_oldest_python(lock):
    for name in lock:
        try:
            needs = metadata(name).get("Requires-Python")
        except PackageNotFoundError:
            continue
        assert SpecifierSet(needs or "").contains(OLDEST_PYTHON), f"{name} needs Python {needs}"


def test_every_dependency_says_why():
    """One requirement a line, each with its reason behind it."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = text[text.index("\ndependencies = [") : text.index("[project.scripts]")]
    silent = [line for line in block.splitlines() if line.startswith('    "') and "#" not in line]
    assert not silent


def test_all_is_every_extra_of_a_user(project):
    """And tests and book stand on all of it, so that the lock holds it too."""
    extras = project["project"]["optional-dependencies"]
    (everything,) = map(Requirement, extras["all"])
    assert everything.extras == extras.keys() - {"all", "test", "book"}
    for name in ("test", "book"):
        assert [r.extras for r in map(Requirement, extras[name]) if r.name == "carbonsched"] == [
            {"all"}
        ]


def imported_by(*modules):
    """Return what importing modules brings into a fresh process."""
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_the_core_needs_no_extra(project):
    """Nor does any other room before it is asked for what the extra brings."""
    extras = project["project"]["optional-dependencies"]
    names = ("cli", "study", "plot", "netcdf", "export")
    optional = {Requirement(line).name for name in names for line in extras[name]} | {"h5py"}
    optional -= {"carbonsched", "pyarrow"}  # which pandas imports where it is installed
    rooms = ("solver.milp", "judge.verify", "io", "columns.engine", "diagnosis.diagnose", "front")
    rooms += ("proof.certify", "operate.roll", "study.methods", "study.sweep")
    rooms += ("output.report", "output.export", "output.compare")
    assert not optional & imported_by(*(f"carbonsched.{room}" for room in rooms))


def test_help_needs_no_arrays():
    assert not {"numpy", "pandas", "xarray", "linopy"} & imported_by("carbonsched.cli.app")


HANDED_ON = (
    "i = carbonsched.generate(1, 2, 1, 1, start='2025-03-30'); "
    "carbonsched.{}(i, carbonsched.solve(i), {!r})"
)


@pytest.mark.parametrize(
    ("missing", "extra", "code"),
    [
        ("typer", "cli", "from carbonsched.cli import main; main()"),
        ("h5netcdf", "netcdf", "carbonsched.generate(1, 2, 1, 1).save('x.nc')"),
        ("h5py", "netcdf", "open('x.nc', 'w').close(); carbonsched.load('x.nc')"),
        ("matplotlib", "plot", "import carbonsched.plots"),
        ("icalendar", "export", HANDED_ON.format("export", "x.ics")),
        ("openpyxl", "export", HANDED_ON.format("export", "x.xlsx")),
        ("pyarrow", "export", HANDED_ON.format("export", "x.parquet")),
        ("jinja2", "export", HANDED_ON.format("report", "x.html")),
        (
            "distributed",
            "study",
            "carbonsched.sweep({'a': carbonsched.generate(1, 2, 1, 1)}, cache='rows', "
            "cluster='tcp://nowhere:1')",
        ),
    ],
)
def test_a_missing_extra_is_one_sentence(missing, extra, code, tmp_path):
    hidden = f"import sys; sys.modules[{missing!r}] = None; import carbonsched; {code}"
    command = [sys.executable, "-c", hidden]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    last = ended.stderr.strip().splitlines()[-1]
    assert ended.returncode == 1
    assert f" needs {missing}: pip install 'carbonsched[{extra}]'" in last
    assert last.startswith(("error: ", "carbonsched.errors.MissingExtraError: "))


def repository_files():
    """Tracked files; in a copy without git, every file that the build did not make."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
        paths = [ROOT / name for name in listed.decode().split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        paths = list(ROOT.rglob("*"))
    inside = (path for path in paths if not SKIPPED & set(path.relative_to(ROOT).parts))
    return [path for path in inside if path.is_file()]


def test_no_file_names_a_package_index():
    """Where packages come from is the reader's own setting."""
    index = re.compile(r"index[-_]url|find[-_]links|://[^\s/]*(?:pypi|pythonhosted|anaconda)\b")
    faults = []
    for path in repository_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        faults += [f"{path.relative_to(ROOT)}: {hit.group()}" for hit in index.finditer(text)]
    assert not faults
