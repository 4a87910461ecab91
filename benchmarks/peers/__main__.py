"""Run by the benchmark in the peers' environment: one peer over the listings in one folder.

`python -m benchmarks.peers NAME FOLDER` reads what benchmarks/peer_comparison.py wrote there and
writes NAME.json beside it: seconds to build, milliseconds a query, and what was found.
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

# Its module here, its class, and how it is to be made.
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
    module, kind, options = PEERS[name]
    made = getattr(importlib.import_module(f"benchmarks.peers.{module}"), kind)
    return cast(Peer, made(folder, **options))


def _time(find: Callable[[int], list[int]], steps: int, rounds: int) -> list[list[float]]:
    """Milliseconds of each step in each round, after one round that is not counted."""
    taken = []
    for number in range(-1, rounds):
        one = []
        for step in range(steps):
            started = time.perf_counter()
            find(step)
            one.append((time.perf_counter() - started) * 1000)
        if number >= 0:
            taken.append(one)
    return taken


def _end(_number: int, _frame: object) -> None:
    raise SystemExit(143)


def main(name: str, folder: Path) -> None:
    asked = json.loads((folder / "asked.json").read_text("utf-8"))
    texts: list[str] = json.loads((folder / "texts.json").read_text("utf-8"))
    vectors = np.load(folder / "vectors.npy")
    ready = np.load(folder / "queries.npy")
    queries, most, rounds = asked["queries"], asked["most"], asked["rounds"]
    kinds = frozenset(asked["kinds"])
    peer = _make(name, folder / name)
    gc.collect()
    before = psutil.Process().memory_info().rss
    started = time.perf_counter()
    try:
        peer.build(texts, asked["kind_of_each"], vectors)
        built = time.perf_counter() - started

        def anything(step: int) -> list[int]:
            return peer.search(queries[step], ready[step], most, frozenset())

        def some(step: int) -> list[int]:
            return peer.search(queries[step], ready[step], most, kinds)

        steps = range(len(queries))
        answer = {
            "built": built,
            "ms": _time(anything, len(steps), rounds),
            "found": [anything(step) for step in steps],
            "ms_filtered": _time(some, len(steps), rounds),
            "found_filtered": [some(step) for step in steps],
            "nearest": [peer.nearest(ready[step], most) for step in steps],
        }
        gc.collect()
        answer["mib"] = (psutil.Process().memory_info().rss - before) / 2**20
    finally:
        # Whatever happens: PostgreSQL is a process of its own.
        peer.close()
    (folder / f"{name}.json").write_text(json.dumps(answer), "utf-8")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    main(sys.argv[1], Path(sys.argv[2]))
