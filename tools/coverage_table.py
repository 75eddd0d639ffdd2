"""Write what `make coverage` measured to `data/results/trust/coverage.csv`, a row a module.

Fails if the tests reach less than 95 % of all lines, or of all branches.
"""

import sys
from io import StringIO
from pathlib import Path

import pandas as pd
from coverage import Coverage

from carbonsched.io import replacing

TABLE = Path(__file__).parents[1] / "data" / "results" / "trust" / "coverage.csv"
LEAST = 0.95
COUNTS = {
    "lines": "num_statements",
    "lines_reached": "covered_lines",
    "branches": "num_branches",
    "branches_reached": "covered_branches",
}


def measured() -> pd.DataFrame:
    """Return the counts by module, from coverage's own data file and report."""
    found = Coverage()
    found.load()
    found.report(file=sys.stdout, skip_covered=True, show_missing=True)
    path = TABLE.with_suffix(".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        found.json_report(outfile=str(path))
        files = pd.read_json(StringIO(path.read_text(encoding="utf-8")), typ="series")["files"]
    finally:
        path.unlink(missing_ok=True)
    rows = {
        name: {ours: about["summary"][theirs] for ours, theirs in COUNTS.items()}
        for name, about in files.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("file").sort_index()


def main() -> None:
    table = measured()
    with replacing(TABLE) as new:
        table.to_csv(new)
    total = table.sum()
    shares = {what: total[f"{what}_reached"] / total[what] for what in ("lines", "branches")}
    print(", ".join(f"{share:.1%} of {what}" for what, share in shares.items()))
    if min(shares.values()) < LEAST:
        sys.exit(f"less than {LEAST:.0%}")


if __name__ == "__main__":
    main()
