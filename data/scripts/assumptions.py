"""What no source gives for the real week and year, in one place: value, unit and reason.

`real_sources.py` and both makers read these numbers; `python data/scripts/assumptions.py` prints
them as the Markdown table of `data/README.md`.
"""

from types import SimpleNamespace
from typing import NamedTuple

SITES = ("us-ca", "us-tx", "us-ny", "gb-lon", "de-fra", "au-syd")
CLASSES = ("large", "mid", "small")


class Assumption(NamedTuple):
    """A number no source gives; one per site or per class where it is a dict."""

    value: float | dict[str, float]
    unit: str
    reason: str


def _sites(*values: float) -> dict[str, float]:
    return dict(zip(SITES, values, strict=True))


def _classes(*values: float) -> dict[str, float]:
    return dict(zip(CLASSES, values, strict=True))


ASSUMPTIONS = {
    # Sites and their connection to the grid
    "it_capacity": Assumption(
        _sites(50, 100, 50, 50, 60, 50),
        "MW of IT power",
        "sites of the 50 to 100 MW class, the largest where land and power are cheapest",
    ),
    "pue_floor": Assumption(
        1.08,
        "MW/MW",
        "a cold hour, just below the fleet mean of about 1.10 that Google publishes",
    ),
    "pue_free_cooling": Assumption(5.0, "°C wet-bulb", "no extra cooling power below this"),
    "pue_linear": Assumption(0.003, "MW/MW per K", "slope above free cooling; 1.12 at 14 °C"),
    "pue_quadratic": Assumption(0.0002, "MW/MW per K²", "chillers take over; 1.24 at 27 °C"),
    "pue_ceiling": Assumption(1.35, "MW/MW", "design limit of the cooling plant"),
    "import_margin": Assumption(
        1.1, "1", "grid connection over facility power at full load and `pue_ceiling`"
    ),
    "export_share": Assumption(
        0.5, "of import_limit", "feed-in is granted for part of the connection only"
    ),
    "import_adder": Assumption(
        0.0, "USD/MWh", "wholesale only: network charges and taxes are left out"
    ),
    "export_spread": Assumption(
        2.0, "USD/MWh", "fee of whoever sells the power; keeps export_price below import_price"
    ),
    "export_spread_share": Assumption(0.05, "of the absolute price", "its proportional part"),
    "usd_per_eur": Assumption(
        1.0813, "USD per EUR", "mean of the ECB's 255 daily reference rates of 2023"
    ),
    "gbp_per_eur": Assumption(0.86979, "GBP per EUR", "as `usd_per_eur`"),
    "aud_per_eur": Assumption(1.6288, "AUD per EUR", "as `usd_per_eur`"),
    # On-site generation and storage
    "solar_share": Assumption(
        _sites(0.5, 0.5, 0.2, 0.15, 0.25, 0.5),
        "of it_capacity",
        "AC nameplate behind the meter, more where it is sunny",
    ),
    "wind_share": Assumption(
        _sites(0.0, 0.5, 0.1, 0.4, 0.25, 0.2),
        "of it_capacity",
        "nameplate behind the meter, more where it is windy",
    ),
    "generation_cost": Assumption(
        2.0, "USD/MWh", "variable operation and maintenance; curtailing pays at negative prices"
    ),
    "generation_carbon": Assumption(
        0.0, "tCO2e/MWh", "operational emissions only, as for the grid (direct factors)"
    ),
    "battery_power": Assumption(0.25, "of it_capacity", "limit of charging and of discharging"),
    "battery_hours": Assumption(4.0, "h", "within the 2 to 10 h of NREL's ATB"),
    "battery_floor": Assumption(0.1, "of battery_energy", "reserve that spares the cells"),
    "battery_start": Assumption(0.5, "of battery_energy", "neither full nor empty"),
    "round_trip": Assumption(
        0.85, "1", "NREL ATB 2020; its square root when charging and when discharging"
    ),
    "battery_cost": Assumption(5.0, "USD/MWh", "wear, per MWh charged and per MWh discharged"),
    # Inference
    "demand_scale": Assumption(
        250.0, "1", "fleet over ServeGen's rates: inference then takes 37 % of IT capacity"
    ),
    "origin_share": Assumption(
        _sites(0.16, 0.20, 0.16, 0.15, 0.18, 0.15),
        "of demand",
        "users by nearest site; each origin lives ServeGen's week on its own local clock",
    ),
    "parameters": Assumption(
        _classes(72, 32, 14),
        "1e9",
        "the trace hides its models; sizes of Qwen2.5's open weights, of the same provider",
    ),
    "peak_tflops": Assumption(
        312.0, "TFLOP/s", "NVIDIA A100 data sheet, dense BF16; a token costs 2 FLOP per parameter"
    ),
    "prefill_utilisation": Assumption(0.4, "of peak", "input tokens are compute-bound"),
    "decode_utilisation": Assumption(
        0.1,
        "of peak",
        "output tokens are memory-bound; 2.9 J per token of the large class, where 3 to 4 J were "
        "measured for LLaMA 65B (Samsi et al., arXiv 2310.03003)",
    ),
    "input_price": Assumption(
        _classes(0.40, 0.15, 0.06), "USD per 1e6 tokens", "about 1 USD per busy GPU-hour"
    ),
    "output_price": Assumption(
        _classes(1.20, 0.45, 0.18), "USD per 1e6 tokens", "as `input_price`"
    ),
    "latency_limit": Assumption(
        _classes(250, 150, 60), "ms", "the larger the model, the longer its answer takes anyway"
    ),
    "contribution": Assumption(
        0.05,
        "of revenue",
        "left for energy once hardware, staff and network are paid; the whole revenue would drown "
        "every energy term",
    ),
    # Training jobs
    "job_scale": Assumption(
        48.0,
        "GPUs per GPU of the trace",
        "its largest job, 1,024 A100, becomes 49,152: Llama 3 405B's 16,384 H100 "
        "(arXiv 2407.21783) at three A100 each by dense BF16 peak",
    ),
    "job_hours": Assumption(2.0, "h", "shorter jobs are left out, and those below 8 GPUs"),
    "job_slack": Assumption(
        24.0, "h", "deadline = release + duration + slack, at the latest the last hour"
    ),
    "gpu_hour_price": Assumption(
        1.0, "USD per GPU-hour", "as inference earns; reward = GPU-hours × price × contribution"
    ),
    "warm_up": Assumption(
        0.5, "h", "of the job's GPUs lost to loading and a first checkpoint: startup_cost"
    ),
    "job_share": Assumption(
        0.5, "of it_capacity", "a job is allowed only where it takes no more than this"
    ),
    # Policy
    "budget_share": Assumption(
        0.8,
        "of the reference plan",
        "the plan: inference at home, all power imported, all jobs at the mean emission rate",
    ),
}

GIVEN = SimpleNamespace(**{name: assumed.value for name, assumed in ASSUMPTIONS.items()})


def table() -> str:
    """Return the assumptions as a Markdown table."""
    rows = ["| assumption | value | unit | reason |", "|---|---|---|---|"]
    for name, (value, unit, reason) in ASSUMPTIONS.items():
        parts = value.items() if isinstance(value, dict) else [("", value)]
        text = ", ".join(f"{label} {number:.6g}".strip() for label, number in parts)
        rows.append(f"| `{name}` | {text} | {unit} | {reason} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
