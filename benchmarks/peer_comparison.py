"""Other search engines: the time of a hybrid query, and the agreement with an exact one.

Owns giving them the listings and reading their results. Each runs in its own process in the
peers' environment (benchmarks/peers), on the same vectors.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpus import (
    MANY_LISTINGS,
    MAX_LISTINGS,
    REAL_LISTINGS,
    Corpus,
    find_queries,
    gather_corpus,
    grow_corpus,
)
from benchmarks.exact import Exact, compute_agreement, make_word_scorer
from benchmarks.our_index import build_index, find_ten, measure_agreement
from benchmarks.tables import LeftOutError, Table
from benchmarks.timing import Timings, time_in_rounds
from bot.settings import ROOT
from directory.encoder import Encoder, Vectors
from directory.listing_text import build_search_text

PEERS_PYTHON = ROOT / ".venv-peers" / "bin" / "python"

_BEST = 10
_ROUNDS = 3
_TIMEOUT = 1800
_STOP_TIMEOUT = 60
_KINDS = frozenset({"volunteering"})
# The names in benchmarks/peers/__main__.py, and their titles in the table.
_PEERS = {
    "txtai": "txtai, hybrid",
    "lancedb-flat": "LanceDB, hybrid, flat",
    "lancedb-ivf": "LanceDB, hybrid, IVF-PQ",
    "chroma": "Chroma, vectors only",
    "postgres-flat": "PostgreSQL + pgvector, flat",
    "postgres-hnsw": "PostgreSQL + pgvector, HNSW",
    "faiss-fts5": "FAISS flat + FTS5",
    "usearch-bm25s": "USearch HNSW + bm25s",
}


@dataclass(frozen=True)
class PeerResult:
    """A peer's times in ms, shape (rounds, queries), and the rows it found for each query."""

    built: float
    mib: float
    ms: NDArray[np.float64]
    ms_filtered: NDArray[np.float64]
    found: list[list[int]]
    found_filtered: list[list[int]]
    nearest: list[list[int]]


@dataclass(frozen=True)
class _Truth:
    """The exact results of every query, by both formulas, and by vectors alone."""

    weighted: list[list[int]]
    by_rank: list[list[int]]
    filtered: list[list[int]]
    filtered_by_rank: list[list[int]]
    nearest: list[list[int]]


def measure(encoder: Encoder, folder: Path, *, quick: bool) -> Iterator[Table]:
    """Two tables for each of 1,906, 10,000 and 100,000 listings (quick: 400 and 2,000)."""
    if not PEERS_PYTHON.exists():
        raise LeftOutError("the peers' environment .venv-peers is missing; make bench makes it")
    sizes = (400, 2_000) if quick else (REAL_LISTINGS, MANY_LISTINGS, MAX_LISTINGS)
    corpus = gather_corpus(encoder, sizes[0])
    for size in sizes:
        grown = corpus if size == len(corpus.listings) else grow_corpus(corpus, size)
        yield from _compare(grown, encoder, folder / f"peers-{size}")
        # The peers leave gigabytes of indexes.
        shutil.rmtree(folder / f"peers-{size}")


def _compare(corpus: Corpus, encoder: Encoder, folder: Path) -> list[Table]:
    queries, origin = find_queries()
    vectors = encoder.encode(queries)
    _write_input(corpus, queries, vectors, folder)
    truth = _find_truth(corpus, queries, vectors)
    encoding = time_in_rounds(
        {"encoder": lambda step: encoder.encode([queries[step]])},
        steps=len(queries),
        rounds=_ROUNDS,
    )["encoder"]
    results: dict[str, PeerResult] = {}
    failed: list[str] = []
    for name, title in _PEERS.items():
        print(f"  {title}, {len(corpus.listings):,} listings ...", file=sys.stderr, flush=True)
        try:
            results[title] = run_peer(name, folder)
        except subprocess.SubprocessError as error:
            failed.append(f"{title} ({_describe_failure(error)})")
    note = (
        f"{origin}; {corpus.origin}. The encoder alone takes {encoding.p50:.2f} ms (p95 "
        f"{encoding.p95:.2f}), the same for all."
    )
    index = build_index(corpus)
    ours = time_in_rounds(
        {"ours": lambda step: find_ten(index, queries[step], vectors[step])},
        steps=len(queries),
        rounds=_ROUNDS,
    )["ours"]
    note += (
        f" Ours also ranks by topics, audience and more. Of its own exact best {_BEST} it "
        f"finds {measure_agreement(index, corpus, queries, vectors):.2f}."
    )
    if failed:
        note += f" Left out, because they failed: {'; '.join(failed)}."
    size = f"{len(corpus.listings):,} listings"
    tables = [
        Table(
            f"Peers, {size}",
            (
                "peer",
                "p50 ms",
                "p95 ms",
                "p50 with encoder",
                "as exact hybrid",
                "as exact RRF",
                "nearest 10",
                "build s",
                "MiB",
            ),
            (
                _format_ours(ours, encoding),
                *(_format_row(title, result, truth, encoding) for title, result in results.items()),
            ),
            note,
        ),
    ]
    # The first few hundred real listings are all services.
    if share := float(_find_allowed(corpus).mean()):
        tables.append(
            Table(
                f"Peers with a filter, {size}",
                ("peer", "p50 ms", "p95 ms", "found of 10", "as exact hybrid", "as exact RRF"),
                tuple(_format_filtered(title, result, truth) for title, result in results.items()),
                f"Only volunteering: {share:.0%} of the listings.",
            )
        )
    return tables


def run_peer(name: str, folder: Path) -> PeerResult:
    """Run one peer on the files in `folder`. Raises SubprocessError."""
    environment = {
        **os.environ,
        # With two threads, FAISS and txtai compete for two cores and take twice as long.
        "OMP_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "LANCE_LOG": "error",
        # The folder of PostgreSQL's socket.
        "XDG_RUNTIME_DIR": str(folder),
    }
    (folder / name).mkdir()
    command = [str(PEERS_PYTHON), "-m", "benchmarks.peers", name, str(folder)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        try:
            _, errors = process.communicate(timeout=_TIMEOUT)
        except BaseException:
            # Terminated, not killed, so that a peer can stop its PostgreSQL server.
            process.terminate()
            process.communicate(timeout=_STOP_TIMEOUT)
            raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=errors)
    output = json.loads((folder / f"{name}.json").read_text("utf-8"))
    return PeerResult(
        output["built"],
        output["mib"],
        np.array(output["ms"]),
        np.array(output["ms_filtered"]),
        output["found"],
        output["found_filtered"],
        output["nearest"],
    )


def _write_input(corpus: Corpus, queries: tuple[str, ...], vectors: Vectors, folder: Path) -> None:
    folder.mkdir()
    np.save(folder / "vectors.npy", corpus.vectors.astype(np.float32))
    np.save(folder / "queries.npy", vectors)
    texts = [build_search_text(listing) for listing in corpus.listings]
    (folder / "texts.json").write_text(json.dumps(texts), "utf-8")
    request = {
        "queries": queries,
        "limit": _BEST,
        "rounds": _ROUNDS,
        "kinds": sorted(_KINDS),
        "kind_of_each": [listing.kind for listing in corpus.listings],
    }
    (folder / "request.json").write_text(json.dumps(request), "utf-8")


def _find_allowed(corpus: Corpus) -> NDArray[np.bool_]:
    return np.array([listing.kind in _KINDS for listing in corpus.listings], dtype=np.bool_)


def _find_truth(corpus: Corpus, queries: tuple[str, ...], vectors: Vectors) -> _Truth:
    exact = Exact(corpus.vectors, make_word_scorer(corpus))
    allowed = _find_allowed(corpus)

    def find_all(find: Callable[[str, Vectors], list[int]]) -> list[list[int]]:
        return [find(text, vector) for text, vector in zip(queries, vectors, strict=True)]

    return _Truth(
        weighted=find_all(lambda text, vector: exact.weighted(text, vector, _BEST)),
        by_rank=find_all(lambda text, vector: exact.by_rank(text, vector, _BEST)),
        filtered=find_all(lambda text, vector: exact.weighted(text, vector, _BEST, allowed)),
        filtered_by_rank=find_all(lambda text, vector: exact.by_rank(text, vector, _BEST, allowed)),
        nearest=find_all(lambda _, vector: exact.nearest(vector, _BEST)),
    )


def _format_ours(ours: Timings, encoding: Timings) -> tuple[str, ...]:
    times = (ours.p50, ours.p95, ours.p50 + encoding.p50)
    return ("ours", *(f"{milliseconds:.1f}" for milliseconds in times), *[""] * 5)


def _format_row(
    title: str, result: PeerResult, truth: _Truth, encoding: Timings
) -> tuple[str, ...]:
    p50, p95 = np.percentile(result.ms, [50, 95])
    return (
        title,
        f"{p50:.1f}",
        f"{p95:.1f}",
        f"{p50 + encoding.p50:.1f}",
        f"{compute_agreement(result.found, truth.weighted):.2f}",
        f"{compute_agreement(result.found, truth.by_rank):.2f}",
        f"{compute_agreement(result.nearest, truth.nearest):.2f}",
        f"{result.built:.1f}",
        # The memory of the server is not in the measured process.
        "" if "PostgreSQL" in title else f"{result.mib:.0f}",
    )


def _format_filtered(title: str, result: PeerResult, truth: _Truth) -> tuple[str, ...]:
    p50, p95 = np.percentile(result.ms_filtered, [50, 95])
    return (
        title,
        f"{p50:.1f}",
        f"{p95:.1f}",
        f"{np.mean([len(rows) for rows in result.found_filtered]):.1f}",
        f"{compute_agreement(result.found_filtered, truth.filtered):.2f}",
        f"{compute_agreement(result.found_filtered, truth.filtered_by_rank):.2f}",
    )


def _describe_failure(error: subprocess.SubprocessError) -> str:
    """The last line of its errors, or the timeout."""
    if isinstance(error, subprocess.CalledProcessError):
        lines = error.stderr.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {error.returncode}"
    return f"more than {_TIMEOUT} s"
