"""The time to import 819 services, compared with the encoder alone on the same texts."""

import itertools
import json
import os
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.corpus import find_bristol, find_example, repeat_listings
from benchmarks.tables import Table
from benchmarks.timing import time_in_rounds
from bot.settings import ROOT
from directory.database import migrate, open_database
from directory.encoder import Encoder
from directory.importing.importer import import_listings
from directory.listing import Listing
from directory.listing_text import build_encoder_text
from directory.rejected import RejectedRow
from directory.sources.detect import read_source

_SERVICES = 819
_QUICK_SERVICES = 150
_TIMEOUT = 600


def measure(encoder: Encoder, folder: Path, *, quick: bool) -> list[Table]:
    """One table; quick imports 150 services, once."""
    source, origin = _find_source(folder, _QUICK_SERVICES if quick else _SERVICES)
    listings = _read(source)
    texts = _build_texts(listings)
    databases = itertools.count()

    def import_services(_step: int) -> None:
        engine = open_database(f"sqlite:///{folder / f'import-{next(databases)}.db'}")
        migrate(engine)
        report = import_listings(engine, encoder, "benchmark", _read(source))
        engine.dispose()
        if report.encoded != len(texts):
            raise RuntimeError(f"{report.encoded} of {len(texts)} listings were encoded")

    timings = time_in_rounds(
        {
            "encoder alone, same texts": lambda _step: encoder.encode(texts),
            "import into a new database": import_services,
        },
        steps=1,
        rounds=1 if quick else 2,
        warm=False,
    )
    seconds = {name: timing.p50 / 1000 for name, timing in timings.items()}
    if source is not None:
        seconds["`connector directory import`, whole"] = _time_command(source, folder)
    base = seconds["encoder alone, same texts"]
    rows = tuple(
        (name, f"{duration:.2f}", f"{len(texts) / duration:.0f}", f"{duration / base:.2f}")
        for name, duration in seconds.items()
    )
    return [
        Table(
            f"Import, {len(texts)} services",
            ("what", "seconds", "a second", "x encoder alone"),
            rows,
            f"{origin}; {len(listings) - len(texts)} more are quarantined.",
        )
    ]


def find_services(folder: Path, *, quick: bool) -> tuple[list[Listing | RejectedRow], list[str]]:
    """The rows to import, and the texts that an import encodes."""
    listings = _read(_find_source(folder, _QUICK_SERVICES if quick else _SERVICES)[0])
    return listings, _build_texts(listings)


def _build_texts(rows: Iterable[Listing | RejectedRow]) -> list[str]:
    return [build_encoder_text(row) for row in rows if isinstance(row, Listing)]


def _find_source(folder: Path, size: int) -> tuple[Path | None, str]:
    """A file of `size` services and its origin; None means the repeated example town."""
    feed = find_bristol()
    if feed is None:
        return None, f"NOT real: the example town's {len(find_example())} listings, repeated"
    content = json.loads(feed.read_text("utf-8"))
    services = content if isinstance(content, list) else content.get("contents", content)
    source = folder / "services.json"
    source.write_text(json.dumps(services[:size]), "utf-8")
    return source, "One council's real services"


def _read(source: Path | None) -> list[Listing | RejectedRow]:
    rows: Iterable[Listing | RejectedRow]
    rows = read_source(str(source)) if source else repeat_listings(find_example(), _SERVICES)
    return list(rows)


def _time_command(source: Path, folder: Path) -> float:
    """Seconds of the whole command: Python, imports and encoder included."""
    var = folder / "command"
    var.mkdir()
    (var / "encoder").symlink_to(ROOT / "var" / "encoder")
    environment = {**os.environ, "CONNECTOR_VAR": str(var), "DIRECTORY_DATABASE_URL": ""}
    started = time.perf_counter()
    subprocess.run(
        [ROOT / ".venv" / "bin" / "connector", "directory", "import", source],
        env=environment,
        check=True,
        capture_output=True,
        timeout=_TIMEOUT,
    )
    return time.perf_counter() - started
