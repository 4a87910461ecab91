"""Milliseconds a hybrid query of other search engines, and how far they agree with an exact one.

Owns handing them the listings and reading their answers. Each runs in a process of its own,
in the peers' environment (benchmarks/peers), on the same vectors.
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
    MOST_LISTINGS,
    REAL_LISTINGS,
    Corpus,
    find_queries,
    gather,
    grow,
)
from benchmarks.exact import Exact, agreement, word_scores
from benchmarks.ours import agree_with_exact, build_index, find_ten
from benchmarks.tables import LeftOutError, Table
from benchmarks.timing import Timings, time_in_rounds
from bot.settings import ROOT
from directory.encoder import Encoder, Vectors
from directory.listing_text import build_search_text

PEERS_PYTHON = ROOT / ".venv-peers" / "bin" / "python"

_BEST = 10
_ROUNDS = 3
_MOST_SECONDS = 1800
_MOST_ENDING = 60
_KINDS = frozenset({"volunteering"})
# Names that benchmarks/peers/__main__.py knows, and what the table calls them.
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
class Answer:
    """What a peer wrote: times in ms of shape (rounds, queries), rows found for each query."""

    built: float
    mib: float
    ms: NDArray[np.float64]
    ms_filtered: NDArray[np.float64]
    found: list[list[int]]
    found_filtered: list[list[int]]
    nearest: list[list[int]]


@dataclass(frozen=True)
class _Truth:
    """The exact answers to every query, by either formula, and by the vectors alone."""

    weighted: list[list[int]]
    by_rank: list[list[int]]
    filtered: list[list[int]]
    filtered_by_rank: list[list[int]]
    nearest: list[list[int]]


def measure(encoder: Encoder, folder: Path, *, quick: bool) -> Iterator[Table]:
    """Two tables a size: 1,906 real listings, 10,000 and 100,000 (quick: 400 and 2,000)."""
    if not PEERS_PYTHON.exists():
        raise LeftOutError("the peers' environment .venv-peers is missing; make bench makes it")
    sizes = (400, 2_000) if quick else (REAL_LISTINGS, MANY_LISTINGS, MOST_LISTINGS)
    corpus = gather(encoder, sizes[0])
    for size in sizes:
        grown = corpus if size == len(corpus.listings) else grow(corpus, size)
        yield from _compare(grown, encoder, folder / f"peers-{size}")
        # They leave gigabytes of indexes.
        shutil.rmtree(folder / f"peers-{size}")


def _compare(corpus: Corpus, encoder: Encoder, folder: Path) -> list[Table]:
    queries, whose = find_queries()
    ready = encoder.encode(queries)
    _write(corpus, queries, ready, folder)
    truth = _find_truth(corpus, queries, ready)
    encoding = time_in_rounds(
        {"encoder": lambda step: encoder.encode([queries[step]])},
        steps=len(queries),
        rounds=_ROUNDS,
    )["encoder"]
    answers: dict[str, Answer] = {}
    failed: list[str] = []
    for name, title in _PEERS.items():
        print(f"  {title}, {len(corpus.listings):,} listings ...", file=sys.stderr, flush=True)
        try:
            answers[title] = ask(name, folder)
        except subprocess.SubprocessError as error:
            failed.append(f"{title} ({_explain(error)})")
    note = (
        f"{whose}; {corpus.origin}. The encoder alone takes {encoding.p50:.2f} ms (p95 "
        f"{encoding.p95:.2f}), the same for all."
    )
    index = build_index(corpus)
    ours = time_in_rounds(
        {"ours": lambda step: find_ten(index, queries[step], ready[step])},
        steps=len(queries),
        rounds=_ROUNDS,
    )["ours"]
    note += (
        " Ours ranks by topics, audience and more beside words and meaning: of its own exact best "
        f"{_BEST} it finds {agree_with_exact(index, corpus, queries, ready):.2f}."
    )
    if failed:
        note += f" Left out, as they failed: {'; '.join(failed)}."
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
                _tell_ours(ours, encoding),
                *(_tell(title, one, truth, encoding) for title, one in answers.items()),
            ),
            note,
        ),
    ]
    # The first few hundred of the real ones are all services.
    if part := float(_allowed(corpus).mean()):
        tables.append(
            Table(
                f"Peers with a filter, {size}",
                ("peer", "p50 ms", "p95 ms", "found of 10", "as exact hybrid", "as exact RRF"),
                tuple(_tell_filtered(title, one, truth) for title, one in answers.items()),
                f"Only volunteering: {part:.0%} of the listings.",
            )
        )
    return tables


def ask(name: str, folder: Path) -> Answer:
    """Run one peer over what was written in `folder`. Raises SubprocessError."""
    environment = {
        **os.environ,
        # With two they fight over two cores: FAISS and txtai take over twice as long.
        "OMP_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "LANCE_LOG": "error",
        # Where PostgreSQL puts its socket.
        "XDG_RUNTIME_DIR": str(folder),
    }
    (folder / name).mkdir()
    command = [str(PEERS_PYTHON), "-m", "benchmarks.peers", name, str(folder)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        try:
            _, said = process.communicate(timeout=_MOST_SECONDS)
        except BaseException:
            # Terminated, not killed: it has a PostgreSQL server to stop.
            process.terminate()
            process.communicate(timeout=_MOST_ENDING)
            raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=said)
    told = json.loads((folder / f"{name}.json").read_text("utf-8"))
    return Answer(
        told["built"],
        told["mib"],
        np.array(told["ms"]),
        np.array(told["ms_filtered"]),
        told["found"],
        told["found_filtered"],
        told["nearest"],
    )


def _write(corpus: Corpus, queries: tuple[str, ...], ready: Vectors, folder: Path) -> None:
    folder.mkdir()
    np.save(folder / "vectors.npy", corpus.vectors.astype(np.float32))
    np.save(folder / "queries.npy", ready)
    texts = [build_search_text(listing) for listing in corpus.listings]
    (folder / "texts.json").write_text(json.dumps(texts), "utf-8")
    asked = {
        "queries": queries,
        "most": _BEST,
        "rounds": _ROUNDS,
        "kinds": sorted(_KINDS),
        "kind_of_each": [listing.kind for listing in corpus.listings],
    }
    (folder / "asked.json").write_text(json.dumps(asked), "utf-8")


def _allowed(corpus: Corpus) -> NDArray[np.bool_]:
    return np.array([listing.kind in _KINDS for listing in corpus.listings], dtype=np.bool_)


def _find_truth(corpus: Corpus, queries: tuple[str, ...], ready: Vectors) -> _Truth:
    exact = Exact(corpus.vectors, word_scores(corpus))
    allowed = _allowed(corpus)

    def every(find: Callable[[str, Vectors], list[int]]) -> list[list[int]]:
        return [find(text, vector) for text, vector in zip(queries, ready, strict=True)]

    return _Truth(
        weighted=every(lambda text, vector: exact.weighted(text, vector, _BEST)),
        by_rank=every(lambda text, vector: exact.by_rank(text, vector, _BEST)),
        filtered=every(lambda text, vector: exact.weighted(text, vector, _BEST, allowed)),
        filtered_by_rank=every(lambda text, vector: exact.by_rank(text, vector, _BEST, allowed)),
        nearest=every(lambda _, vector: exact.nearest(vector, _BEST)),
    )


def _tell_ours(ours: Timings, encoding: Timings) -> tuple[str, ...]:
    times = (ours.p50, ours.p95, ours.p50 + encoding.p50)
    return ("ours", *(f"{one:.1f}" for one in times), *[""] * 5)


def _tell(title: str, one: Answer, truth: _Truth, encoding: Timings) -> tuple[str, ...]:
    p50, p95 = np.percentile(one.ms, [50, 95])
    return (
        title,
        f"{p50:.1f}",
        f"{p95:.1f}",
        f"{p50 + encoding.p50:.1f}",
        f"{agreement(one.found, truth.weighted):.2f}",
        f"{agreement(one.found, truth.by_rank):.2f}",
        f"{agreement(one.nearest, truth.nearest):.2f}",
        f"{one.built:.1f}",
        # The server's memory is not in the process that asks it.
        "" if "PostgreSQL" in title else f"{one.mib:.0f}",
    )


def _tell_filtered(title: str, one: Answer, truth: _Truth) -> tuple[str, ...]:
    p50, p95 = np.percentile(one.ms_filtered, [50, 95])
    return (
        title,
        f"{p50:.1f}",
        f"{p95:.1f}",
        f"{np.mean([len(found) for found in one.found_filtered]):.1f}",
        f"{agreement(one.found_filtered, truth.filtered):.2f}",
        f"{agreement(one.found_filtered, truth.filtered_by_rank):.2f}",
    )


def _explain(error: subprocess.SubprocessError) -> str:
    """The last line that it said."""
    if isinstance(error, subprocess.CalledProcessError):
        lines = error.stderr.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {error.returncode}"
    return f"more than {_MOST_SECONDS} s"
