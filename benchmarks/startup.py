"""The time until a new process answers its first search, and the memory of the directory.

`python -m benchmarks.startup URL ENCODER` prints one JSON object. The benchmark runs it in a new
process, once with listings and once without.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

_STARTED = time.perf_counter()
_ROOT = Path(__file__).resolve().parent.parent
_TIMEOUT = 300


def measure_start(url: str) -> dict[str, float]:
    """Seconds and bytes of a new process at its first answer by words, and by meaning."""
    command = [sys.executable, "-m", "benchmarks.startup", url, str(_ROOT / "var" / "encoder")]
    process = subprocess.run(
        command, cwd=_ROOT, capture_output=True, text=True, check=True, timeout=_TIMEOUT
    )
    figures: dict[str, float] = json.loads(process.stdout)
    return figures


def main(url: str, encoder: str) -> None:
    import psutil

    from directory.encoder import Encoder
    from directory.importing.upgrade import open_directory
    from directory.search.query import Query
    from directory.search.service import SearchService

    figures: dict[str, float] = {}

    def search_and_measure(suffix: str) -> None:
        search_service.search(Query("a choir that anybody can join"))
        figures[f"seconds{suffix}"] = time.perf_counter() - _STARTED
        figures[f"bytes{suffix}"] = psutil.Process().memory_info().rss

    model = Encoder(Path(encoder))
    search_service = SearchService(open_directory(url), model)
    # By words alone, as in the program while its encoder loads.
    search_and_measure("")
    model.load()
    search_and_measure("_by_meaning")
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
