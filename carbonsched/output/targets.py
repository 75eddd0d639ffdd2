"""Load targets by site and interval, as a power-management system takes them: a JSON document.

::

    {"format": "carbonsched site targets 1",
     "instance": its title, "digest": SHA-256 of what was given, "method": ..., "made_by": ...,
     "times": "UTC, ISO 8601" or "hours after the first period begins",
     "units": {each target: "MW" or "MWh"},
     "sites": {site: [{"start": ..., "end": ..., "facility_power_mw": ..., "it_power_mw": ...,
                       "grid_import_mw": ..., "grid_export_mw": ..., "generation_mw": ...,
                       "charge_mw": ..., "discharge_mw": ..., "soc_target_mwh": ...}, ...]}}

Intervals are half-open, follow each other without a gap, and are of equal length. A power is the
mean over its interval, never negative; `soc_target_mwh` is the state of charge at its end. In each,
import + generation + discharge = facility power + export + charge.
"""

from __future__ import annotations

from typing import Any

import carbonsched
from carbonsched.core.instance import Instance
from carbonsched.io.digest import digest
from carbonsched.output.energy import ends_of, flows
from carbonsched.schedule import Schedule

FORMAT = "carbonsched site targets 1"
TARGETS = {  # decision -> name, which ends in its unit
    "facility_power": "facility_power_mw",
    "it_power": "it_power_mw",
    "grid_import": "grid_import_mw",
    "grid_export": "grid_export_mw",
    "generate": "generation_mw",
    "charge": "charge_mw",
    "discharge": "discharge_mw",
    "soc": "soc_target_mwh",
}


def targets(instance: Instance, schedule: Schedule) -> dict[str, Any]:
    """Return the load targets of every site, as plain values.

    Examples
    --------
    >>> import carbonsched as cs
    >>> instance = cs.generate(periods=4, start="2025-03-30", jobs=1, services=0)
    >>> first = targets(instance, cs.solve(instance))["sites"]["site-1"][0]
    >>> first["start"], first["end"]
    ('2025-03-30T00:00:00Z', '2025-03-30T01:00:00Z')
    """
    frame = flows(instance, schedule)
    edges = ends_of(instance)
    dated = edges[0].dtype.kind == "M"
    begins, ends = ([f"{at.isoformat()}Z" if dated else float(at) for at in own] for own in edges)
    times = [{"start": b, "end": e} for b, e in zip(begins, ends, strict=True)]
    values: Any = frame[list(TARGETS)]
    values = values.rename(columns=TARGETS)
    return {
        "format": FORMAT,
        "instance": str(instance.data.attrs.get("title", "")),
        "digest": digest(instance),
        "method": schedule.method.name,
        "made_by": f"carbonsched {carbonsched.__version__}",
        "times": "UTC, ISO 8601" if dated else "hours after the first period begins",
        "units": {name: "MWh" if name.endswith("_mwh") else "MW" for name in TARGETS.values()},
        "sites": {
            str(site): [when | row for when, row in zip(times, own.to_dict("records"), strict=True)]
            for site, own in values.groupby(level="site", sort=False)
        },
    }
