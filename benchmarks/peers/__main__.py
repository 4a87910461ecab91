"""Runs one peer over the listings in a folder, in the peers' environment.

`python -m benchmarks.peers NAME FOLDER` reads the files of benchmarks/peer_comparison.py and
writes NAME.json next to them: seconds to build, milliseconds for each query, and the rows found.
"""

import gc
import importlib
import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import psutil

from benchmarks.peers.protocol import Peer

# Each peer's module, class and options.
PEERS: dict[str, tuple[str, str, dict[str, bool]]] = {
    "txtai": ("txtai_hybrid", "TxtaiHybrid", {}),
    "lancedb-flat": ("lance", "Lance", {"indexed": False}),
    "lancedb-ivf": ("lance", "Lance", {"indexed": True}),
    "chroma": ("chroma", "Chroma", {}),
    "postgres-flat": ("postgres", "Postgres", {"graph": False}),
    "postgres-hnsw": ("postgres", "Postgres", {"graph": True}),
    "faiss-fts5": ("faiss_fts5", "FaissFts5", {}),
    "usearch-bm25s": ("usearch_bm25s", "UsearchBm25s", {}),
}


def _make(name: str, folder: Path) -> Peer:
    module, class_name, options = PEERS[name]
    peer_class = getattr(importlib.import_module(f"benchmarks.peers.{module}"), class_name)
    return cast(Peer, peer_class(folder, **options))


def _time(find: Callable[[int], list[int]], steps: int, rounds: int) -> list[list[float]]:
    """Milliseconds of each step in each round, after one uncounted round."""
    all_times = []
    for number in range(-1, rounds):
        times = []
        for step in range(steps):
            started = time.perf_counter()
            find(step)
            times.append((time.perf_counter() - started) * 1000)
        if number >= 0:
            all_times.append(times)
    return all_times


def _exit(_number: int, _frame: object) -> None:
    raise SystemExit(143)


def main(name: str, folder: Path) -> None:
    request = json.loads((folder / "request.json").read_text("utf-8"))
    texts: list[str] = json.loads((folder / "texts.json").read_text("utf-8"))
    vectors = np.load(folder / "vectors.npy")
    query_vectors = np.load(folder / "queries.npy")
    queries, limit, rounds = request["queries"], request["limit"], request["rounds"]
    kinds = frozenset(request["kinds"])
    peer = _make(name, folder / name)
    gc.collect()
    before = psutil.Process().memory_info().rss
    started = time.perf_counter()
    try:
        peer.build(texts, request["kind_of_each"], vectors)
        built = time.perf_counter() - started

        def search_all(step: int) -> list[int]:
            return peer.search(queries[step], query_vectors[step], limit, frozenset())

        def search_filtered(step: int) -> list[int]:
            return peer.search(queries[step], query_vectors[step], limit, kinds)

        steps = range(len(queries))
        result = {
            "built": built,
            "ms": _time(search_all, len(steps), rounds),
            "found": [search_all(step) for step in steps],
            "ms_filtered": _time(search_filtered, len(steps), rounds),
            "found_filtered": [search_filtered(step) for step in steps],
            "nearest": [peer.nearest(query_vectors[step], limit) for step in steps],
        }
        gc.collect()
        result["mib"] = (psutil.Process().memory_info().rss - before) / 2**20
    finally:
        # Always, because PostgreSQL is a separate process.
        peer.close()
    (folder / f"{name}.json").write_text(json.dumps(result), "utf-8")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _exit)
    main(sys.argv[1], Path(sys.argv[2]))
