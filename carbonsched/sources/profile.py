"""What a profile says: how files of one source are written, as data and not as code."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Self, TypeVar, get_args
from unicodedata import normalize

from carbonsched.errors import InstanceError, extra
from carbonsched.sources.layout import Layout, Names, Part, Pattern, Span

with extra("sources", "reading files of your own"):
    from pydantic import Field, ValidationError, model_validator

FOLDER = Path(__file__).parent / "profiles"
MOST_BYTES = 1_000_000  # of a profile
_NAMED = {  # of profiles that are not of series: where a project file names one
    "jobs": "under jobs: of a project file",
    "requests": "beside requests: in a service's demand, in a project file",
    "latency": "under latency: of a project file",
}


class Time(Part):
    """Where the time of a row stands, and what it means.

    One of: `column` (a stamp), `date` with `hour` or `period`, or `month`, `day` and `hour` of a
    profile without a year.

    Attributes
    ----------
    column : tuple of str
        The stamp's column, or several names it may have.
    format : tuple of str
        As `datetime.strptime` takes it; ISO 8601 is always read.
    range_mark : str, optional
        The cell is "start<mark>end": the start is taken.
    epoch : "s" or "ms", optional
        The cell is a count since 1970-01-01 UTC.
    date, hour, period, part : tuple of str
        A date with an hour of the clock, "1" to "24" or "01:00" to "24:00", each ending then, and
        in it a `part`, 1, 2, ..., where the file has one; or with a `period` counted through the
        day, 1 to 50.
    flag, again : tuple of str, str
        The column that tells the second of two equal hours in autumn, and what it then says.
    month, day : tuple of str
        Columns of a profile without a year; its `hour` is 0 to 23.
    zone : str or dict, optional
        An IANA name, "UTC", "+02:00", or "stamps" where each stamp has its offset; by column where
        that differs. Not stated: it must be given when a file is read.
    offset : str, optional
        What the file itself calls its constant offset, in seconds, above its table.
    standard : bool
        The clock stays on the zone's standard time all year.
    interval : "start" or "end"
        What of an interval the stamp is.
    inside : str, optional
        The stamp is somewhere in its interval, which is so long and begins at a whole multiple.
    step : str, optional
        The length of an interval, or of a part or a period; found out if not stated.
    """

    column: Names = ()
    format: Names = ()
    range_mark: str | None = None
    epoch: Literal["s", "ms"] | None = None
    date: Names = ()
    hour: Names = ()
    period: Names = ()
    part: Names = ()
    flag: Names = ()
    again: str | None = None
    month: Names = ()
    day: Names = ()
    zone: str | dict[str, str] | None = None
    offset: str | None = None
    standard: bool = False
    interval: Literal["start", "end"] = "start"
    inside: Span | None = None
    step: Span | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        forms = [bool(self.column), bool(self.date), bool(self.month)]
        if sum(forms) != 1:
            raise ValueError("state one of column, date, and month with day and hour")
        if self.date and not (self.hour or self.period):
            raise ValueError("date needs hour or period")
        if (self.period or self.part) and not self.step:
            raise ValueError("period and part need step")
        if self.month and not (self.day and self.hour):
            raise ValueError("month needs day and hour")
        if bool(self.flag) != bool(self.again):
            raise ValueError("flag and again go together")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that tells the time."""
        parts = (self.date, self.hour, self.period, self.part, self.flag, self.month, self.day)
        return (*self.column, *(name for names in parts for name in names))


class Values(Part):
    """Which columns hold values, in which unit, and which columns tell series apart.

    Attributes
    ----------
    columns : tuple of str
        By name; more than one: the reader of the file says which.
    pattern : str, optional
        A regular expression for the whole header; its group `name` is what a column is called, its
        group `unit` its unit.
    unit : str, optional
        Of every column.
    units : dict
        By column.
    units_above : str, optional
        What stands above the table, or beside it in JSON, with the unit of each column.
    default : str, optional
        The column that is taken if the reader of the file says none.
    keys : tuple of str
        Columns of a long table that tell its series apart.
    select : dict
        Rows that are kept where the file has such a column: by column, the values.
    placeholder : dict
        By column, a cell that says that the row's value is none.
    rated, rated_by : str, optional
        Regular expressions for the names of what the file says above its table: the size in kW of
        the plant that its power is of, and how often its inverter's goes into that of its modules.
    """

    columns: Names = ()
    pattern: Pattern | None = None
    unit: str | None = None
    units: dict[str, str] = Field(default_factory=dict)
    units_above: str | None = None
    default: str | None = None
    keys: Names = ()
    select: dict[str, Names] = Field(default_factory=dict)
    placeholder: dict[str, str] = Field(default_factory=dict)
    rated: Pattern | None = None
    rated_by: Pattern | None = None

    @model_validator(mode="after")
    def _some_column(self) -> Self:
        if not self.columns and not self.pattern:
            raise ValueError("state columns or pattern")
        return self


class Described(Part):
    """What every profile says of its source.

    Attributes
    ----------
    title, source, licence : str
        What it is, who publishes it (to be named), and under which terms.
    notes : tuple of str
        What a reader of such files should know.
    """

    title: str
    source: str
    licence: str
    notes: Names = ()
    text: Layout = Layout()


class Profile(Described):
    """A profile of series: prices, intensities, factors, power, temperatures, counts.

    Attributes
    ----------
    kind : str
        What is measured: a count is summed over longer periods, all else averaged.
    time, values
        When rows are, and what they hold.
    """

    kind: Literal[
        "price", "carbon_intensity", "capacity_factor", "power", "temperature", "weather", "count"
    ]
    time: Time
    values: Values


P = TypeVar("P", bound=Described)


def shipped(model: type[P] = Profile) -> dict[str, P]:
    """Return the profiles that come with the package and are of a model's kinds, by name.

    Examples
    --------
    >>> import carbonsched as cs
    >>> cs.sources.profiles()["smard"].time.zone
    'Europe/Berlin'
    """
    kinds = set(get_args(model.model_fields["kind"].annotation))
    found = {path.stem: _parsed(path) for path in sorted(FOLDER.glob("*.toml"))}
    return {
        name: _valid(raw, model, name)
        for name, raw in found.items()
        if not kinds or raw.get("kind") in kinds
    }


def find(name: str | Path, model: type[P] = Profile) -> P:
    """Return a profile that comes with the package, by name, or one's own, by path (.toml).

    Raises
    ------
    InstanceError
        There is none, or the file is faulty: every fault, by key.

    Examples
    --------
    >>> import carbonsched as cs
    >>> cs.sources.profile("aemo").time.interval
    'end'
    """
    path = Path(name)
    if path.suffix == ".toml":
        return _valid(_parsed(path), model, str(path))
    known = shipped(model)
    if str(name) not in known:
        raise InstanceError([_unknown(str(name), list(known))], f"profile {str(name)!r}")
    return known[str(name)]


def text_of(name: str) -> str:
    """Return a profile of any kind that comes with the package as it is written, to copy from.

    Raises
    ------
    InstanceError
        There is none of the name.

    Examples
    --------
    >>> text_of("pvgis").splitlines()[1]
    'kind = "power"'
    """
    known = {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}
    if name not in known:
        raise InstanceError([_unknown(name, list(known))], f"profile {name!r}")
    return known[name].read_text(encoding="utf-8")


def _unknown(name: str, known: list[str]) -> str:
    """Say why a name is none of the known profiles: another kind's, misspelt, or none."""
    kinds = {path.stem: str(_parsed(path).get("kind")) for path in sorted(FOLDER.glob("*.toml"))}
    if name in kinds:
        where = _NAMED.get(kinds[name], "with a file of a series: a price, a power, an intensity")
        what = kinds[name].replace("_", " ")
        return f"{name} is a profile of {'a ' * (kinds[name] not in _NAMED)}{what}: name it {where}"
    near = get_close_matches(name.lower(), known, 1, 0.5) or get_close_matches(
        name.lower(), kinds, 1, 0.5
    )
    if near:
        return f"no such profile {name!r}: did you mean {near[0]}?"
    there = ", ".join(known)
    return f"no such profile {name!r}; there are {there}, or name a file that ends in .toml"


def _parsed(path: Path) -> dict[str, Any]:
    from carbonsched.io.files import UnreadableError, read_text

    try:
        return tomllib.loads(normalize("NFC", read_text(path, MOST_BYTES)))
    except (UnreadableError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InstanceError([str(error)], str(path)) from error


def _valid(raw: dict[str, Any], model: type[P], where: str) -> P:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise InstanceError(list(faults_of(error)), f"profile {where}") from error


def faults_of(error: ValidationError) -> Iterable[str]:
    """Yield each fault that pydantic found, with its key first."""
    for fault in error.errors():
        key = ".".join(map(str, fault["loc"])) or "the whole"
        words = str(fault["msg"]).removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            words = "no such key"
        yield f"{key}: {words}"
