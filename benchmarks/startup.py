"""How soon a new process answers its first search, and what memory the directory takes.

`python -m benchmarks.startup URL ENCODER` prints one JSON object; the benchmark runs it in a
process of its own, once with listings and once with none.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

_STARTED = time.perf_counter()
_ROOT = Path(__file__).resolve().parent.parent
_MOST_SECONDS = 300


def start(url: str) -> dict[str, float]:
    """Seconds and bytes of a new process at its first answer by words, and the same by meaning."""
    command = [sys.executable, "-m", "benchmarks.startup", url, str(_ROOT / "var" / "encoder")]
    done = subprocess.run(
        command, cwd=_ROOT, capture_output=True, text=True, check=True, timeout=_MOST_SECONDS
    )
    told: dict[str, float] = json.loads(done.stdout)
    return told


def main(url: str, encoder: str) -> None:
    import psutil

    from directory.encoder import Encoder
    from directory.importing.upgrade import open_directory
    from directory.search.query import Query
    from directory.search.service import SearchService

    told = {}

    def note(how: str) -> None:
        search_service.search(Query("a choir that anybody can join"))
        told[f"seconds{how}"] = time.perf_counter() - _STARTED
        told[f"bytes{how}"] = psutil.Process().memory_info().rss

    model = Encoder(Path(encoder))
    search_service = SearchService(open_directory(url), model)
    # By words alone, as the program does while its encoder loads.
    note("")
    model.load()
    note("_by_meaning")
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
