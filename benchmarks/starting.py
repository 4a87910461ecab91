"""How soon a new process answers its first search, and what memory the directory takes.

`python -m benchmarks.starting URL ENCODER` prints one JSON object; the benchmark runs it in a
process of its own, once with listings and once with none.
"""

import json
import sys
import time

_STARTED = time.perf_counter()


def main(url: str, encoder: str) -> None:
    from pathlib import Path

    import psutil

    from directory.catalogue import Catalogue
    from directory.embeddings import Encoder
    from directory.finding.query import Query
    from directory.opening import open_directory

    catalogue = Catalogue(open_directory(url), Encoder(Path(encoder)))
    # By words alone, as the program does while its encoder loads.
    catalogue.search(Query("a choir that anybody can join"))
    first = time.perf_counter() - _STARTED
    print(json.dumps({"seconds": first, "bytes": psutil.Process().memory_info().rss}))


if __name__ == "__main__":
    main(*sys.argv[1:])
