"""One release, or the same counting by pandas, in a process of its own.

`python -m benchmarks.release_process WAY URL PERIOD` prints one JSON object; see `releasing`.
"""

import json
import re
import sqlite3
import sys
import time
from pathlib import Path


def release(url: str, name: str) -> None:
    """All of it: count, protect, set beside earlier ones, every file, and into the ledger."""
    from benchmarks.releases import AREAS
    from checkins.periods import read_period
    from checkins.release.release import release as make
    from checkins.store import open_engine

    make(open_engine(url), read_period(name), AREAS)


def count_by_pandas(url: str, name: str) -> None:
    """Counts of each answer by area and by age band, and nothing else."""
    import pandas as pd

    from checkins.periods import read_period

    period = read_period(name)
    with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
        table = pd.read_sql_query(
            "SELECT area, age_band, answers FROM check_ins WHERE week BETWEEN ? AND ?",
            database,
            params=(period.first_week, period.last_week),
        )
    answers = pd.DataFrame([json.loads(text) for text in table.pop("answers")])
    for question in answers.columns:
        for group in ("area", "age_band"):
            table.groupby([group, answers[question]]).size().unstack(fill_value=0)


def main(way: str, url: str, period: str) -> None:
    import pandas as pd  # noqa: F401 (both ways bear its imports)

    import checkins.release.release  # noqa: F401

    started = time.perf_counter()
    (release if way == "release" else count_by_pandas)(url, period)
    taken = time.perf_counter() - started
    # Not of `getrusage`: a child's begins with what its parent had.
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    if found is None:
        raise RuntimeError("/proc/self/status does not tell the most memory")
    print(json.dumps({"seconds": taken, "bytes": int(found[1]) * 1024}))


if __name__ == "__main__":
    main(*sys.argv[1:])
