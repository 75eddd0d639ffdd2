"""What a project file may say: one class an entry, one field a key, each with what it means.

Amounts become numbers in the model's units as they are read; see `carbonsched.project.amounts`.
"""

from __future__ import annotations

from typing import Annotated, Any

from carbonsched.currency import DEFAULT
from carbonsched.errors import extra
from carbonsched.project.amounts import In, Lasting, Of, Periods
from carbonsched.project.forms import (
    Dated,
    Demand,
    Entry,
    Part,
    Price,
    Reserve,
    Sale,
    Series,
    Worth,
    Written,
    Zone,
)

with extra("sources", "reading a project file"):
    from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator


class Coordinates(Entry):
    """A place on the globe, in degrees."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)


def _pair(given: Any) -> Any:
    """Return [latitude, longitude] as an entry."""
    if isinstance(given, list) and len(given) == 2:
        return dict(zip(("latitude", "longitude"), given, strict=True))
    return given


Place = Annotated[Coordinates, BeforeValidator(_pair)]


class Plant(Entry):
    """On-site generation: the power on offer, or a size and the share of it that is."""

    available: Annotated[Series | None, Of("generation_available")] = Field(
        None, description="power on offer"
    )
    capacity: Annotated[float | None, Of("generation_available")] = Field(
        None, description="size of the plant"
    )
    factor: Annotated[Series | None, Of("factor")] = Field(
        None, description="share of the size that is on offer"
    )
    output: Annotated[Series | None, Of("generation_available")] = Field(
        None, description="in place of `factor`: power of a plant of the size `rated`"
    )
    rated: Annotated[float | None, Of("generation_available")] = None
    cost: Annotated[Series, Of("generation_cost")] = 0.0
    carbon: Annotated[Series, Of("generation_carbon")] = 0.0

    @model_validator(mode="after")
    def _stated_once(self) -> Plant:
        forms = (("available",), ("capacity", "factor"), ("capacity", "output", "rated"))
        own = {"available", "capacity", "factor", "output", "rated"} & self.model_fields_set
        if own not in map(set, forms):
            raise ValueError(
                "give `available`; `capacity`, `factor`; or `capacity`, `output`, `rated`"
            )
        if self.rated == 0:
            raise ValueError("rated: must be above 0")
        return self


class Battery(Entry):
    """A battery; what it holds may be a share of its energy, such as 50 %."""

    energy: Annotated[float, Of("battery_energy")]
    charge: Annotated[float, Of("charge_limit")]
    discharge: Annotated[float | None, Of("discharge_limit")] = Field(
        None, description="by default as `charge`"
    )
    round_trip_efficiency: Annotated[float | None, Of("charge_efficiency")] = Field(
        None,
        description="its square root each way, or give the two each by itself; by default 100 %",
    )
    charge_efficiency: Annotated[float | None, Of("charge_efficiency")] = Field(
        None, description="share that is stored of what is drawn, by default 100 %"
    )
    discharge_efficiency: Annotated[float | None, Of("discharge_efficiency")] = Field(
        None, description="share that is given of what was stored, by default 100 %"
    )
    min: Annotated[Reserve, Of("battery_min", share=True)] = 0.0
    initial: Annotated[Part | None, Of("battery_initial", share=True)] = Field(
        None, description="by default as `min`"
    )
    final: Annotated[Part | None, Of("battery_final", share=True)] = Field(
        None, description="by default as `initial`"
    )
    recovery: Annotated[int, Of("battery_recovery")] = 0
    cost: Annotated[float, Of("battery_cost")] = 0.0
    value: Annotated[float, Of("battery_value")] = 0.0

    @model_validator(mode="after")
    def _stated_once(self) -> Battery:
        if self.round_trip_efficiency and (self.charge_efficiency or self.discharge_efficiency):
            raise ValueError("give `round_trip_efficiency`, or the efficiency each way, not both")
        return self


class Site(Entry):
    """A data center and its energy."""

    it_capacity: Annotated[Series, Of("it_capacity")]
    price: Annotated[Price, Of("import_price")]
    carbon_intensity: Annotated[Series, Of("carbon_intensity")]
    cooling: Annotated[Series, Of("cooling")] = 1.0
    import_limit: Annotated[Series | None, Of("import_limit")] = Field(
        None, description="by default as much as the site can draw"
    )
    export_limit: Annotated[Series, Of("export_limit")] = 0.0
    export_price: Annotated[Sale | None, Of("export_price", share=True)] = Field(
        None, description="or a share of the price, such as 80 %; by default 0"
    )
    generation: dict[str, Plant] = Field(
        default_factory=dict, description="plants by name, such as solar; by default none"
    )
    battery: Battery | None = Field(None, description="by default none")
    coordinates: Place | None = Field(None, description="latitude and longitude")
    zone: Zone | None = None


def names_of(given: Any) -> Any:
    """Return names parted by commas or semicolons, as a table has them, as a list."""
    if isinstance(given, str):
        return [name.strip() for name in given.replace(";", ",").split(",") if name.strip()]
    return given


Names = Annotated[list[str], BeforeValidator(names_of)]


def _all_is_none(given: Any) -> Any:
    """Return `all` as what is not said."""
    return None if given == "all" else given


class Terms(Entry):
    """What a job is worth and where it may run, one job's or those of a whole log."""

    reward: Annotated[Worth | None, Of("reward", per_energy=True)] = Field(
        None, description="paid on completion: an amount, or one per MWh of IT energy"
    )
    startup_cost: Annotated[float, Of("startup_cost")] = 0.0
    required: bool = Field(False, description="whether it must run")
    allowed: Annotated[Names | None, BeforeValidator(_all_is_none)] = Field(
        None, description="sites it may run on, by default all"
    )


class Running(Entry):
    """Where a job is running already when the horizon begins, and for how long it has run."""

    site: str
    done: Annotated[Lasting | Periods | None, Of("duration", lasting=True)] = Field(
        None, description="how long it has run: a time, such as 12 h, or a number of periods"
    )
    started: str | None = Field(
        None, description="in place of `done`: instant at which it started, before the horizon"
    )

    @model_validator(mode="after")
    def _stated_once(self) -> Running:
        if (self.done is None) == (self.started is None):
            raise ValueError("give one of `done` and `started`")
        return self


class Job(Terms):
    """One training job."""

    power: Annotated[float, Of("power")]
    duration: Annotated[Lasting | Periods, Of("duration", lasting=True)] = Field(
        description="a time, such as 5 h, or a number of periods"
    )
    release: str | None = Field(None, description="instant, by default the horizon's start")
    deadline: str | None = Field(None, description="instant, by default the horizon's end")
    running: Running | None = Field(
        None, description="of a job that is running already: its site, and `done` or `started`"
    )
    zone: Zone | None = None

    @model_validator(mode="after")
    def _one_place_and_start(self) -> Job:
        if self.running is None:
            return self
        if self.release is not None:
            raise ValueError("it is running already: give no `release`")
        if self.allowed is not None and self.running.site not in self.allowed:
            told = "is none of the sites that are `allowed`"
            raise ValueError(f"it is running on {self.running.site}, which {told}")
        return self


class JobLog(Terms, Dated):
    """The jobs of a cluster's log, read by `carbonsched.sources.read_jobs`."""

    file: str = Field(description="the log, relative to the project file")
    profile: str = Field(description="what the file is: the name of a profile, or a file (.toml)")
    kw_per_gpu: Annotated[float | None, BeforeValidator(In("kW"))] = Field(
        None, gt=0, description="power of one GPU and its share, kW"
    )
    slack: float | str = Field(
        1.0,
        description="how much later than it could a job without a deadline may end: so many times "
        "its own time, or a time such as 24h, or `horizon`",
    )
    zone: Zone | None = None
    begin: str | None = Field(None, description="instant to which its first arrival is moved")
    states: Names | None = Field(None, description="states that count; or all")
    at_least_hours: Annotated[float, BeforeValidator(In("h"))] = Field(
        0.0, ge=0, description="shorter jobs are left out"
    )
    at_least_gpus: float = Field(0.0, ge=0, description="smaller jobs are left out")


class Service(Entry):
    """One class of inference."""

    demand: Annotated[Demand, Of("demand")]
    power_per_unit: Annotated[float, Of("power_per_unit")]
    value: Annotated[float, Of("value")] = 0.0
    latency_limit: Annotated[float | None, Of("latency_limit")] = Field(
        None, description="by default none: any site may serve"
    )
    home: str | None = Field(None, description="by default the site with the least latency")
    origin: str | None = Field(
        None, description="where its users are in a table of latencies, else `home`"
    )
    coordinates: Place | None = Field(None, description="where its users are")


class LatencyFile(Written):
    """A table of latencies, origins by sites, read by `carbonsched.sources.read_latency`."""

    file: str = Field(description="the table, relative to the project file")
    profile: str = Field("latency-matrix", description="what the file is: the name of a profile")
    rename: dict[str, str] = Field(
        default_factory=dict, description="names in the table: names here"
    )


def _latency_form(given: Any) -> str:
    if isinstance(given, dict | LatencyFile):
        return "<LatencyFile>"
    return "<coordinates>" if given == "coordinates" else "<number>"


Latency = Annotated[
    Annotated[float, Tag("<number>")]
    | Annotated[str, Tag("<coordinates>")]
    | Annotated[LatencyFile, Tag("<LatencyFile>")],
    Discriminator(_latency_form),
]


class Horizon(Entry):
    """Which periods are planned: a start, and one of `periods`, `days` and `end`."""

    start: str = Field(description="instant, such as 2025-06-02 00:00, in `zone`")
    periods: int | None = Field(None, ge=1)
    days: float | None = Field(None, gt=0, description="of 24 h")
    end: str | None = Field(None, description="instant, in `zone`")
    step: Annotated[float, Of("step_hours")] = 1.0
    zone: Zone | None = Field(None, description="of start, end, releases and deadlines")

    @model_validator(mode="after")
    def _stated_once(self) -> Horizon:
        if sum(value is not None for value in (self.periods, self.days, self.end)) != 1:
            raise ValueError("give one of `periods`, `days` and `end`")
        return self


class Rate(Entry):
    """What one unit of another currency is worth in the project's."""

    value: float = Field(gt=0)
    date: str = Field(description="when it was so")
    source: str | None = None


class Defaults(Entry):
    """What entries say that do not say it themselves."""

    sites: dict[str, Any] = Field(default_factory=dict)
    jobs: dict[str, Any] = Field(default_factory=dict)
    services: dict[str, Any] = Field(default_factory=dict)


class ProjectFile(Entry):
    """A fleet: its horizon, its sites, its jobs and services, and where their series come from."""

    title: str
    description: str | None = None
    licence: str | None = Field(None, description="of what is written here")
    currency: str = Field(DEFAULT, pattern="^[A-Z]{3}$", description="ISO code of every amount")
    rates: dict[str, Rate] = Field(default_factory=dict)
    horizon: Horizon
    defaults: Defaults = Defaults()
    sites: dict[str, Site] = Field(min_length=1)
    jobs: dict[str, Job] = Field(default_factory=dict)
    job_logs: list[JobLog] = Field(default_factory=list)
    services: dict[str, Service] = Field(default_factory=dict)
    latency: Annotated[Latency | None, Of("latency")] = Field(
        None,
        description="a number, `coordinates`, or a file; by default from coordinates where all "
        "have them, else 0 ms",
    )
    carbon_budget: Annotated[float | None, Of("carbon_budget")] = Field(
        None, description="most emissions over the horizon, by default none"
    )
