"""Seconds to import 819 services, beside the encoder alone on the same texts."""

import itertools
import json
import os
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.corpus import find_bristol, find_example, repeat
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
_FEW = 150
_MOST_SECONDS = 600


def measure(encoder: Encoder, folder: Path, *, quick: bool) -> list[Table]:
    """One table; quick imports 150 services, and once."""
    source, origin = _find_source(folder, _FEW if quick else _SERVICES)
    listings = _read(source)
    texts = _texts_of(listings)
    databases = itertools.count()

    def bring_in(_step: int) -> None:
        engine = open_database(f"sqlite:///{folder / f'import-{next(databases)}.db'}")
        migrate(engine)
        report = import_listings(engine, encoder, "benchmark", _read(source))
        engine.dispose()
        if report.encoded != len(texts):
            raise RuntimeError(f"{report.encoded} of {len(texts)} listings were encoded")

    timings = time_in_rounds(
        {
            "encoder alone, same texts": lambda _step: encoder.encode(texts),
            "import into a new database": bring_in,
        },
        steps=1,
        rounds=1 if quick else 2,
        warm=False,
    )
    seconds = {name: one.p50 / 1000 for name, one in timings.items()}
    if source is not None:
        seconds["`connector directory import`, whole"] = _time_command(source, folder)
    base = seconds["encoder alone, same texts"]
    rows = tuple(
        (name, f"{taken:.2f}", f"{len(texts) / taken:.0f}", f"{taken / base:.2f}")
        for name, taken in seconds.items()
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
    """What there is to import, and the texts that are to be encoded of it."""
    listings = _read(_find_source(folder, _FEW if quick else _SERVICES)[0])
    return listings, _texts_of(listings)


def _texts_of(rows: Iterable[Listing | RejectedRow]) -> list[str]:
    return [build_encoder_text(row) for row in rows if isinstance(row, Listing)]


def _find_source(folder: Path, size: int) -> tuple[Path | None, str]:
    """A file to import, cut to `size`; None means the example town repeated."""
    whole = find_bristol()
    if whole is None:
        return None, f"NOT real: the example town's {len(find_example())} listings, repeated"
    content = json.loads(whole.read_text("utf-8"))
    services = content if isinstance(content, list) else content.get("contents", content)
    source = folder / "services.json"
    source.write_text(json.dumps(services[:size]), "utf-8")
    return source, "One council's real services"


def _read(source: Path | None) -> list[Listing | RejectedRow]:
    rows: Iterable[Listing | RejectedRow]
    rows = read_source(str(source)) if source else repeat(find_example(), _SERVICES)
    return list(rows)


def _time_command(source: Path, folder: Path) -> float:
    """Seconds of the command as a navigator types it: Python, imports and encoder included."""
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
        timeout=_MOST_SECONDS,
    )
    return time.perf_counter() - started
