"""`make bench`: runs the selected parts and prints their tables as Markdown.

Progress goes to standard error, tables to standard output. Every process is ended and every file
is in a temporary folder, also after Ctrl-C or SIGTERM.
"""

import argparse
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy
import onnxruntime
import psutil

from benchmarks import (
    chat,
    database,
    guard,
    imports,
    peer_comparison,
    releases,
    search,
    understanding,
    widget,
)
from benchmarks.tables import LeftOutError, Table
from bot.settings import ROOT
from directory.encoder import Encoder, prepare_encoder

_LIVE = ("start", "chat", "memory")
_PARTS = (
    "search",
    "postgresql",
    "peers",
    "import",
    "guard",
    "understanding",
    "releases",
    "widget",
    *_LIVE,
)

_MIN_LISTINGS = 100


def _read_parts(text: str) -> tuple[str, ...]:
    parts = text.split(",")
    if wrong := set(parts) - set(_PARTS):
        raise argparse.ArgumentTypeError(f"no part {wrong.pop()!r}; choose from {','.join(_PARTS)}")
    return tuple(part for part in _PARTS if part in parts)


def read_sizes(text: str) -> tuple[int, ...]:
    """The sizes in `text`, smallest first. Raises ArgumentTypeError that says what is allowed."""
    try:
        sizes = tuple(sorted({int(size) for size in text.split(",")}))
    except ValueError:
        sizes = (0,)
    if not all(_MIN_LISTINGS <= size <= database.MILLION for size in sizes):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of listings from {_MIN_LISTINGS} to {database.MILLION:,}, "
            "or several with commas between them"
        )
    return sizes


def _plan(
    parts: tuple[str, ...],
    encoder: Encoder,
    folder: Path,
    *,
    quick: bool,
    listings: tuple[int, ...],
) -> Iterator[tuple[str, Callable[[], Iterable[Table]]]]:
    if "search" in parts:
        yield "search", lambda: search.measure(encoder, folder, quick=quick)
    if "postgresql" in parts:
        yield (
            "postgresql",
            lambda: database.measure(encoder, folder, quick=quick, listings=listings),
        )
    if "peers" in parts:
        yield "peers", lambda: peer_comparison.measure(encoder, folder, quick=quick)
    if "import" in parts:
        yield "import", lambda: imports.measure(encoder, folder, quick=quick)
    if "guard" in parts:
        yield "guard", lambda: guard.measure(encoder, quick=quick)
    if "understanding" in parts:
        yield "understanding", lambda: understanding.measure(folder, quick=quick)
    if "releases" in parts:
        yield "releases", lambda: releases.measure(folder, quick=quick)
    if "widget" in parts:
        yield "widget", lambda: widget.measure(folder, quick=quick)
    if live := tuple(part for part in _LIVE if part in parts):
        yield ", ".join(live), lambda: chat.measure(live, folder, quick=quick)


def _describe_machine() -> str:
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        processor = names[0].partition(":")[2].strip() if names else processor
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{time.strftime('%Y-%m-%d')}: {os.cpu_count()} cores ({processor}), {memory:.0f} GiB, "
        f"{platform.system()}, Python {platform.python_version()}, "
        f"onnxruntime {onnxruntime.__version__}, numpy {numpy.__version__}."
    )


def _describe_load() -> str:
    return f"Load average over a minute: {os.getloadavg()[0]:.1f}."


def _exit(_number: int, _frame: object) -> None:
    raise SystemExit(143)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", type=_read_parts, default=_PARTS, help=f"some of {','.join(_PARTS)}"
    )
    parser.add_argument("--quick", action="store_true", help="fewer listings and rounds")
    parser.add_argument(
        "--listings",
        type=read_sizes,
        default=(),
        help="sizes for PostgreSQL, such as 20000,50000; default: 1906,10000,100000",
    )
    parser.add_argument(
        "--million",
        dest="listings",
        action="store_const",
        const=(database.MILLION,),
        help="the same as --listings 1000000",
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, _exit)

    print(f"# Benchmark{', quick' if arguments.quick else ''}\n\n{_describe_machine()}", flush=True)
    encoder_folder = ROOT / "var" / "encoder"
    prepare_encoder(encoder_folder)
    encoder = Encoder(encoder_folder)
    encoder.load()
    with tempfile.TemporaryDirectory(prefix="connector-bench-") as folder:
        for name, measure in _plan(
            arguments.only,
            encoder,
            Path(folder),
            quick=arguments.quick,
            listings=arguments.listings,
        ):
            print(f"Measuring {name} ...", file=sys.stderr, flush=True)
            try:
                # Printed at once, so that an interrupted run still shows what it measured.
                for table in measure():
                    print(f"\n{table}", flush=True)
            except LeftOutError as reason:
                print(f"\n{name}: left out, because {reason}.", flush=True)
                continue
            print(f"\n{_describe_load()}", flush=True)


if __name__ == "__main__":
    main()
