"""How a value is said: as a number, a list, a file, a tariff, a share, or the requests of a log."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from carbonsched.errors import extra
from carbonsched.project.amounts import Of, PerEnergy, Share
from carbonsched.project.windows import days_of, hours_of, months_of, require_zone

with extra("sources", "reading a project file"):
    from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag
    from pydantic.json_schema import SkipJsonSchema


class Entry(BaseModel):
    """Some keys with values; any other key is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


Zone = Annotated[
    str,
    AfterValidator(require_zone),
    Field(description="time zone, such as Europe/Berlin, UTC or +01:00"),
]


class Written(Entry):
    """How the numbers of a file are written, if not as its profile says, and whose it is."""

    decimal: Literal[".", ","] | None = Field(None, description="decimal mark of its numbers")
    thousands: Literal[".", ",", " ", "'"] | None = Field(
        None, description="mark between groups of three digits"
    )
    source: str | None = Field(None, description="who made the file, if not as the profile says")
    licence: str | None = Field(None, description="terms of the file, if not as the profile says")

    def credited(self, source: str, licence: str) -> tuple[str, str]:
        """Return whose the file is and its terms: as said here, or else as a profile says it."""
        return self.source or source, self.licence or licence


class Dated(Written):
    """A file with stamps, and how these are written, if not as its profile says."""

    format: str | None = Field(None, description="of its stamps, such as %m/%d/%Y %H:%M")


class SeriesFile(Dated):
    """A series in a file, read by `carbonsched.sources.read`."""

    file: str = Field(description="CSV, JSON or workbook, relative to the project file")
    profile: str | None = Field(
        None,
        description="what the file is: the name of a profile, or a file (.toml); else a table with "
        "a column `time` and columns of values, their units in brackets",
    )
    sheet: str | None = Field(None, description="sheet of a workbook")
    column: str | None = Field(None, description="column that holds the values, or a zone or hub")
    zone: Zone | None = None
    unit: str | None = Field(None, description="unit of its values, such as EUR/MWh")
    interval: Literal["start", "end"] | None = Field(None, description="what a stamp is of it")
    select: dict[str, str | int | float] = Field(
        default_factory=dict, description="column: value of the rows taken"
    )
    year: int | list[int] | None = Field(None, description="for a profile without a year")
    most_missing: int = Field(0, ge=0, description="most missing periods in a row to fill")
    times: float = Field(1.0, description="every value is multiplied by it")


class Requests(Dated):
    """Demand from a log of requests, read by `carbonsched.sources.read_requests`."""

    requests: str = Field(description="the log, relative to the project file")
    profile: str = Field(description="what the file is: the name of a profile, or a file (.toml)")
    per: Literal["request", "token"] = Field("request", description="what is counted in a period")
    zone: Zone | None = None
    begin: str | None = Field(None, description="instant to which its first request is moved")
    most_missing: int = Field(0, ge=0, description="most missing periods in a row to fill")
    times: float = Field(1.0, description="every count is multiplied by it")


class Window(Entry):
    """When a price of a tariff holds, in the site's local time."""

    hours: Annotated[str, AfterValidator(hours_of)] = Field(
        "0-24", description="such as 16-21, 7:30-9, or 22-6 over midnight"
    )
    days: Annotated[str, AfterValidator(days_of)] = Field(
        "Mon-Sun", description="such as Mon-Fri, or Sat, Sun"
    )
    months: Annotated[str, AfterValidator(months_of)] = Field(
        "Jan-Dec", description="such as Jun-Sep"
    )
    price: Annotated[float, Of("import_price")]


class TimeOfUse(Entry):
    """A tariff by local time: the price of the first window that holds, else `otherwise`."""

    time_of_use: list[Window] = Field(min_length=1)
    otherwise: Annotated[float, Of("import_price")] = Field(
        description="price where no window holds"
    )


def _form(given: Any) -> str:
    """Return by which of its forms a value is given."""
    if isinstance(given, dict):
        keys = (("time_of_use", "<TimeOfUse>"), ("requests", "<Requests>"))
        return next((form for key, form in keys if key in given), "<SeriesFile>")
    if isinstance(given, list):
        return "<list>"
    return (
        f"<{type(given).__name__}>" if isinstance(given, Entry | Share | PerEnergy) else "<number>"
    )


_one_of = Discriminator(_form)
_Number = Annotated[float, Tag("<number>")]
_List = Annotated[list[float], Tag("<list>")]
_File = Annotated[SeriesFile, Tag("<SeriesFile>")]
_Tariff = Annotated[TimeOfUse, Tag("<TimeOfUse>")]
_Requests = Annotated[Requests, Tag("<Requests>")]
_Share = Annotated[SkipJsonSchema[Share], Tag("<Share>")]
_PerEnergy = Annotated[SkipJsonSchema[PerEnergy], Tag("<PerEnergy>")]
Series = Annotated[_Number | _List | _File, _one_of]
Price = Annotated[_Number | _List | _File | _Tariff, _one_of]
Sale = Annotated[_Number | _List | _File | _Tariff | _Share, _one_of]
Reserve = Annotated[_Number | _List | _File | _Share, _one_of]
Part = Annotated[_Number | _Share, _one_of]
Demand = Annotated[_Number | _List | _File | _Requests, _one_of]
Worth = Annotated[_Number | _PerEnergy, _one_of]
