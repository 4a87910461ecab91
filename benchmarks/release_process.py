"""One release, or the same counts by pandas, in its own process.

`python -m benchmarks.release_process METHOD URL PERIOD` prints one JSON object; see `releases`.
"""

import json
import re
import sqlite3
import sys
import time
from pathlib import Path


def release(url: str, name: str) -> None:
    """A whole release: counts, protection, comparison with earlier ones, files and ledger."""
    from benchmarks.releases import AREAS
    from checkins.periods import parse_period
    from checkins.release.release import make_release
    from checkins.store import open_engine

    make_release(open_engine(url), parse_period(name), AREAS)


def count_by_pandas(url: str, name: str) -> None:
    """Only the counts of each answer by area and by age band."""
    import pandas as pd

    from checkins.periods import parse_period

    period = parse_period(name)
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


def main(method: str, url: str, period: str) -> None:
    import pandas as pd  # noqa: F401 (both methods pay for its import)

    import checkins.release.release  # noqa: F401

    started = time.perf_counter()
    (release if method == "release" else count_by_pandas)(url, period)
    duration = time.perf_counter() - started
    # Not from `getrusage`: a child's peak begins with that of its parent.
    match = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    if match is None:
        raise RuntimeError("/proc/self/status has no peak memory")
    print(json.dumps({"seconds": duration, "bytes": int(match[1]) * 1024}))


if __name__ == "__main__":
    main(*sys.argv[1:])
