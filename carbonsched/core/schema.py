"""The names of the model: one table that validation, storage and the book's notation page read.

A quantity is declared once, here, with its dimensions, unit, symbol, bounds and the equation it
enters, and a limit with the row it stands in and the words people have for it.
"""

from collections.abc import Collection, Hashable
from dataclasses import dataclass
from math import inf
from typing import Literal

Kind = Literal["float", "int", "bool", "time", "site"]

DIMENSIONS = {
    "site": "AI data-center sites, the set I",
    "time": "periods of equal length, the set T; UTC timestamps or period numbers",
    "job": "rigid training jobs, the set J: non-preemptive and spatially indivisible",
    "service": "elastic inference classes, the set K",
}


@dataclass(frozen=True)
class Quantity:
    """One named array: what it means, over which dimensions, in which unit, within which bounds.

    Attributes
    ----------
    kind : {"float", "int", "bool", "time", "site"}
        Type of the values; "time" and "site" values are labels of that dimension.
    lower, upper : float
        Closed bounds, except that `lower_open` excludes the lower end. Only an upper bound of
        infinity that is `unlimited` may be taken by the data itself.
    plausible : tuple of float, optional
        Sizes between which typical values other than zero are expected, whatever the fleet;
        outside, the unit may be another (see `carbonsched.core.plausible`).
    varies : bool
        Whether it may be given over (site, time) too.
    instant : bool
        Whether it may be any instant, not labels only: see `carbonsched.core.reach`.
    default : optional
        What holds where it is not given: a value, or the name of another parameter whose values
        it takes. Without one it must be given.

    Examples
    --------
    >>> PARAMETERS["it_capacity"].unit
    'MW'
    >>> PARAMETERS["it_capacity"].allows(("site", "time"))
    True
    """

    name: str
    dims: tuple[str, ...]
    unit: str
    symbol: str = ""
    equation: str = ""
    meaning: str = ""
    kind: Kind = "float"
    lower: float = -inf
    upper: float = inf
    lower_open: bool = False
    unlimited: bool = False
    plausible: tuple[float, float] | None = None
    varies: bool = False
    instant: bool = False
    default: float | bool | str | None = None

    def allows(self, dims: Collection[Hashable]) -> bool:
        """Return whether the quantity may be given over some dimensions, in any order."""
        return set(dims) == set(self.dims) or (self.varies and set(dims) == {*self.dims, "time"})


_S, _ST, _J, _K = ("site",), ("site", "time"), ("job",), ("service",)

# fmt: off
PARAMETERS: dict[str, Quantity] = {
    q.name: q
    for q in (
        Quantity("step_hours", (), "h", r"\Delta", "1, 13, 16", "length of a period", lower=0, upper=1e5, lower_open=True, plausible=(1 / 60, 24)),
        Quantity("it_capacity", _S, "MW", r"C_i", "2", "IT power the site can host", lower=0, plausible=(1e-5, 5e4), varies=True),
        Quantity("cooling", _ST, "MW/MW", r"\kappa_{it}", "3", "facility power per unit of IT power", lower=1, plausible=(1, 3)),
        Quantity("import_limit", _S, "MW", r"\bar P^{imp}_i", "5", "most power drawn from the grid", lower=0, plausible=(1e-5, 5e4), varies=True),
        Quantity("export_limit", _S, "MW", r"\bar P^{exp}_i", "6", "most power sold to the grid", lower=0, plausible=(1e-5, 5e4), varies=True),
        Quantity("import_price", _ST, "USD/MWh", r"\pi^{imp}_{it}", "1", "price paid for imported energy", plausible=(0.5, 1e3)),
        Quantity("export_price", _ST, "USD/MWh", r"\pi^{exp}_{it}", "1", "price received for exported energy", plausible=(0.1, 1e3)),
        Quantity("carbon_intensity", _ST, "tCO2e/MWh", r"\gamma_{it}", "16", "emissions of imported energy", lower=0, plausible=(1e-3, 3)),
        Quantity("generation_available", _ST, "MW", r"\bar G_{it}", "4", "on-site generation on offer", lower=0, plausible=(1e-6, 5e4)),
        Quantity("generation_cost", _S, "USD/MWh", r"c^g_i", "1", "cost of on-site generation", lower=0, plausible=(0.01, 1e3), varies=True),
        Quantity("generation_carbon", _S, "tCO2e/MWh", r"\gamma^g_i", "16", "emissions of on-site generation", lower=0, plausible=(1e-5, 3), varies=True),
        Quantity("battery_energy", _S, "MWh", r"\bar E_i", "14", "largest state of charge", lower=0, plausible=(1e-5, 5e5)),
        Quantity("battery_min", _S, "MWh", r"\underline E_i", "14", "smallest state of charge", lower=0, plausible=(1e-7, 5e5), varies=True),
        Quantity("charge_limit", _S, "MW", r"\bar P^{ch}_i", "15", "most charging power", lower=0, plausible=(1e-6, 5e4)),
        Quantity("discharge_limit", _S, "MW", r"\bar P^{dis}_i", "15", "most discharging power", lower=0, plausible=(1e-6, 5e4)),
        Quantity("charge_efficiency", _S, "1", r"\eta^c_i", "13", "energy stored per energy charged", lower=0, upper=1, lower_open=True, plausible=(0.3, 1)),
        Quantity("discharge_efficiency", _S, "1", r"\eta^d_i", "13", "energy delivered per energy drawn from store", lower=0, upper=1, lower_open=True, plausible=(0.3, 1)),
        Quantity("battery_initial", _S, "MWh", r"e^0_i", "13", "state of charge before the first period", lower=0, plausible=(1e-7, 5e5)),
        Quantity("battery_final", _S, "MWh", r"e^T_i", "13", "least state of charge after the last period", lower=0, plausible=(1e-7, 5e5), default="battery_initial"),
        Quantity("battery_recovery", _S, "periods", r"n_i", "14", "period, counted from one, by whose end a battery that begins below its reserve must hold it; until then it keeps what it began with", kind="int", lower=0, default=0),
        Quantity("battery_cost", _S, "USD/MWh", r"c^b_i", "1", "wear per energy charged or discharged", lower=0, plausible=(1e-3, 1e3)),
        Quantity("battery_value", _S, "USD/MWh", r"v^e_i", "1", "worth of what the battery gains from its initial to its final state of charge", lower=0, plausible=(0.01, 1e3), default=0.0),
        Quantity("power", _J, "MW", r"\rho_j", "2", "IT power while the job runs", lower=0, plausible=(1e-5, 5e4)),
        Quantity("duration", _J, "periods", r"L_j", "10", "periods the job runs without a break on one site", kind="int", lower=1),
        Quantity("release", _J, "time label", r"r_j", "8", "first period the job may run in", kind="time", instant=True),
        Quantity("deadline", _J, "time label", r"d_j", "8", "period by whose end the job must have finished", kind="time", instant=True),
        Quantity("reward", _J, "USD", r"R_j", "1", "paid on completion of the job", lower=0, plausible=(1e-4, 1e9)),
        Quantity("startup_cost", _J, "USD", r"\sigma_j", "1", "paid at the start of the job", lower=0, plausible=(1e-6, 1e8)),
        Quantity("required", _J, "bool", r"F_j", "8", "whether the job must run, as one that is running already", kind="bool", default=False),
        Quantity("allowed", ("job", "site"), "bool", r"A_{ji}", "8", "whether the job may run on the site", kind="bool", default=True),
        Quantity("demand", ("service", "time"), "unit", r"D_{kt}", "11", "inference workload to be served", lower=0),
        Quantity("power_per_unit", _K, "MW/unit", r"\alpha_k", "2", "IT power per unit of workload", lower=0, plausible=(1e-9, 1e3)),
        Quantity("value", _K, "USD/(unit h)", r"V_k", "1", "paid per unit of workload and hour served"),
        Quantity("latency", ("service", "site"), "ms", r"\ell_{ki}", "12", "round-trip time from the service's users to the site", lower=0, plausible=(0.5, 2e3)),
        Quantity("latency_limit", _K, "ms", r"\bar\ell_k", "12", "longest round-trip time the service tolerates", lower=0, plausible=(0.5, 1e4)),
        Quantity("home", _K, "site label", r"h_k", "baselines", "site where the service's demand arises", kind="site"),
        Quantity("carbon_budget", (), "tCO2e", r"B", "16", "most emissions over the horizon", lower=0, unlimited=True, plausible=(1e-6, 1e9)),
    )
}

_JST, _KST = ("job", "site", "time"), ("service", "site", "time")

DECISIONS: dict[str, Quantity] = {
    q.name: q
    for q in (
        Quantity("run", _JST, "bool", r"x_{jit}", "8-10", "the job runs", "bool"),
        Quantity("start", _JST, "bool", r"u_{jit}", "8-10", "the job starts", "bool"),
        Quantity("stop", _JST, "bool", r"v_{jit}", "9", "the job has stopped, first period after its run", "bool"),
        Quantity("route", _KST, "unit", r"y_{kit}", "11-12", "workload served at the site", lower=0),
        Quantity("it_power", _ST, "MW", r"P^{IT}_{it}", "2", "IT power", lower=0),
        Quantity("facility_power", _ST, "MW", r"P_{it}", "3", "IT power and cooling", lower=0),
        Quantity("generate", _ST, "MW", r"g_{it}", "4", "on-site generation used or sold", lower=0),
        Quantity("grid_import", _ST, "MW", r"p^{imp}_{it}", "5", "power drawn from the grid", lower=0),
        Quantity("grid_export", _ST, "MW", r"p^{exp}_{it}", "6", "power sold to the grid", lower=0),
        Quantity("importing", _ST, "bool", r"z^{imp}_{it}", "5, 7", "the site may import", "bool"),
        Quantity("exporting", _ST, "bool", r"z^{exp}_{it}", "6, 7", "the site may export", "bool"),
        Quantity("charge", _ST, "MW", r"p^{ch}_{it}", "13, 15", "power into the battery", lower=0),
        Quantity("discharge", _ST, "MW", r"p^{dis}_{it}", "13, 15", "power out of the battery", lower=0),
        Quantity("soc", _ST, "MWh", r"e_{it}", "13, 14", "state of charge at the end of the period", lower=0),
    )
}


@dataclass(frozen=True)
class Limit:
    """A limit that a parameter sets on schedules: where it stands, and what people call it.

    Attributes
    ----------
    row : str
        The rows of the model that it sets, wherever a formulation states them as rows; empty
        where it bounds a variable instead.
    variable : str
        The decision it bounds, or empty.
    side : {"upper", "lower", "both"}
        On which side.
    words : str
        Its name in a sentence.
    verb, unit : str
        How it moves to let more schedules in, and the unit of the whole change: that of the
        parameter summed over labels, and over hours where it has periods.
    slot : str
        The slot of `carbonsched.Method` that can do without what it limits, or empty.
    spared : int
        Its place in the search for a conflict: a smaller one is left out first if it can be. 0 for
        a limit that conflicts with nothing, as what it limits can always be zero.
    """

    row: str
    variable: str
    side: Literal["upper", "lower", "both"]
    words: str
    verb: str
    unit: str
    slot: str = ""
    spared: int = 0


# In the order in which remedies are told.
LIMITS: dict[str, Limit] = {
    "carbon_budget": Limit("carbon:budget", "", "upper", "carbon budget", "raise", "tCO2e", "carbon", 6),
    "import_limit": Limit("", "grid_import", "upper", "import limit", "raise", "MW", "", 9),
    "export_limit": Limit("", "grid_export", "upper", "export limit", "raise", "MW", "export", 0),
    "generation_available": Limit("", "generate", "upper", "on-site generation", "raise", "MWh", "generation", 8),
    "it_capacity": Limit("power:capacity", "", "upper", "IT capacity", "raise", "MW", "", 10),
    "latency_limit": Limit("inference:latency", "", "upper", "latency limit", "raise", "ms", "", 7),
    "battery_energy": Limit("", "soc", "upper", "battery size", "raise", "MWh", "storage", 3),
    "battery_min": Limit("", "soc", "lower", "battery reserve", "lower", "MWh", "storage", 2),
    "battery_final": Limit("storage:final", "", "lower", "final state of charge", "lower", "MWh", "storage", 1),
    "charge_limit": Limit("", "charge", "upper", "charging limit", "raise", "MW", "storage", 4),
    "discharge_limit": Limit("", "discharge", "upper", "discharging limit", "raise", "MW", "storage", 5),
    "required": Limit("jobs:required", "", "lower", "required jobs", "lower", "jobs", "", 11),
    "demand": Limit("inference:demand", "", "both", "demand", "lower", "MWh of IT", "", 12),
}
# fmt: on

# The prices that prove a bound, `carbonsched.bounds.lagrangian`, by name and dimensions.
PRICES = {
    "power_price": ("site", "time"),  # USD/MW and period of facility power
    "capacity_price": ("site", "time"),  # USD/MW and period of IT capacity, not negative
    "storage_price": ("site", "time"),  # USD/MWh in the battery after the period, less its value
    "final_price": ("site",),  # USD/MWh that must be left at the end, not negative
    "carbon_price": (),  # USD/tCO2e, not negative
}
