"""A secret place, and a search for it in the files of a database."""

import struct
from pathlib import Path

from sqlalchemy import Engine

from directory.listing import Place, Point

SECRETS = ("Sentinel House", "77 Hidden Lane", "Quiethaven", "ZY77 7QQ", "53.777123", "1.777321")


PLACE = Place(*SECRETS[:4], Point(53.777123, 1.777321))


def find_files(engine: Engine) -> list[Path]:
    """The files of the database, which may still hold deleted rows."""
    if engine.dialect.name == "sqlite":
        path = Path(engine.url.database or "")
        engine.dispose()
        return list(path.parent.glob(f"{path.name}*"))
    with engine.connect() as connection:
        connection.exec_driver_sql("CHECKPOINT")
        folder = connection.exec_driver_sql(
            "SELECT current_setting('data_directory') || '/base/' || oid FROM pg_database "
            "WHERE datname = current_database()"
        ).scalar_one()
    return list(Path(folder).iterdir())


def find_leaks(engine: Engine) -> set[str]:
    """The secrets that are in any file of the database, as text or as packed degrees."""
    files = find_files(engine)
    assert files
    content = b"".join(path.read_bytes() for path in files if path.exists())
    return {
        secret
        for secret in SECRETS
        if secret.encode() in content or any(packed in content for packed in pack(secret))
    }


def pack(secret: str) -> list[bytes]:
    """The degrees as SQLite, PostgreSQL and search entries store them; empty for a text."""
    if secret not in SECRETS[4:]:
        return []
    degrees = float(secret)
    [rounded] = struct.unpack("<f", struct.pack("<f", degrees))
    return [
        struct.pack(layout, value)
        for layout, value in ((">d", degrees), ("<d", degrees), ("<f", degrees), ("<d", rounded))
    ]
