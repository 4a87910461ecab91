"""Reading the files of a data package, from a folder or a zip, without trusting either.

Nothing is ever unpacked onto the disk, nothing outside the package is opened, and no file may
be larger than a directory of services can be, whatever the archive says of itself.
"""

import io
import json
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from directory.errors import SourceError

_MOST_FILES = 500
_MOST_BYTES = 200_000_000
_PIECE = 1 << 20
_DESCRIPTOR = "datapackage.json"
_CORE = ("services.csv", "service.csv")

Files = dict[str, str]
"""The text of each table by its name without ending, such as `services`."""


def is_zip(content: bytes) -> bool:
    """Whether the bytes are a zip archive, by how they begin."""
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def read_folder(folder: Path) -> Files:
    """The tables in a folder. Raises SourceError if they are none or reach outside it."""
    root = folder.resolve()
    names = [path.name for path in sorted(root.iterdir()) if path.is_file()]
    left = _MOST_BYTES

    def read(name: str) -> bytes:
        nonlocal left
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            raise SourceError(f"{folder}: {name} leads outside the folder; nothing was read.")
        try:
            with path.open("rb") as file:
                content = file.read(left + 1)
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror}.") from None
        left -= len(content)
        return _limited(content, left, str(folder))

    return _read_tables(names, read, str(folder))


def read_zip(content: bytes, source: str) -> Files:
    """The tables in a zip archive. Raises SourceError if it is broken, locked or far too large."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _read_archive(archive, source)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise SourceError(f"{source} is a broken zip archive ({error}). Fetch it again.") from None
    except RuntimeError:
        raise SourceError(f"{source} is locked with a password. Save it again without.") from None


def _read_archive(archive: zipfile.ZipFile, source: str) -> Files:
    members = [one for one in archive.infolist() if not one.is_dir()]
    if len(members) > _MOST_FILES:
        raise SourceError(f"{source} holds {len(members)} files; a data package has some twenty.")
    # Archives are often of a folder: the tables are where the descriptor or the services are.
    paths = [PurePosixPath(one.filename) for one in members]
    folder = next(
        (path.parent for name in (_DESCRIPTOR, *_CORE) for path in paths if path.name == name),
        PurePosixPath(),
    )
    here = {
        path.name: one for path, one in zip(paths, members, strict=True) if path.parent == folder
    }
    left = _MOST_BYTES

    def read(name: str) -> bytes:
        nonlocal left
        if name not in here:
            raise SourceError(f"{source} has no file {name}, which its {_DESCRIPTOR} names.")
        content = bytearray()
        # What the archive says about its sizes is only what it says.
        with archive.open(here[name]) as file:
            while piece := file.read(_PIECE):
                content += piece
                left -= len(piece)
                _limited(b"", left, source)
        return bytes(content)

    return _read_tables(sorted(here), read, source)


def _limited(content: bytes, left: int, source: str) -> bytes:
    if left < 0:
        raise SourceError(
            f"{source} holds more than {_MOST_BYTES // 1_000_000} megabytes of text, "
            "which no directory of services does. Nothing was read."
        )
    return content


def _read_tables(names: list[str], read: Callable[[str], bytes], source: str) -> Files:
    wanted = {Path(name).stem: name for name in names if name.lower().endswith(".csv")}
    if _DESCRIPTOR in names:
        # Its own names come first: two spellings of one table may lie side by side.
        wanted = _read_descriptor(_decode(read(_DESCRIPTOR), _DESCRIPTOR, source), names, source)
    if not {"service", "services"} & wanted.keys():
        raise SourceError(
            f"{source} holds no table of services: a data package has a {_DESCRIPTOR} "
            "and CSV files, services.csv among them."
        )
    return {name: _decode(read(path), path, source) for name, path in wanted.items()}


def _read_descriptor(text: str, names: list[str], source: str) -> dict[str, str]:
    try:
        resources = json.loads(text)["resources"]
        paths = {str(one["name"]): str(one["path"]) for one in resources if "path" in one}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SourceError(f"{source}: {_DESCRIPTOR} is not the descriptor of a package.") from None
    for path in paths.values():
        if "/" in path or "\\" in path or path.startswith(".") or ":" in path:
            raise SourceError(
                f"{source}: {_DESCRIPTOR} names {path[:80]!r}, which is not a file beside it. "
                "Nothing was read."
            )
    # A package describes every table that there can be, and leaves out those that are empty.
    return {name: path for name, path in paths.items() if path in names}


def _decode(content: bytes, name: str, source: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{source}: {name} is not UTF-8 (byte {error.start}). Save it again as 'CSV UTF-8'."
        ) from None
