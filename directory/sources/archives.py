"""Reading the files of a data package, from a folder or a zip archive, trusting neither.

Must never unpack anything onto the disk, open a file outside the package, or read more than a
directory of services can hold, whatever the archive says about its own size.
"""

import io
import json
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from directory.errors import SourceError

_MAX_FILES = 500
_MAX_BYTES = 200_000_000
_CHUNK_SIZE = 1 << 20
_DESCRIPTOR = "datapackage.json"
_CORE = ("services.csv", "service.csv")

Files = dict[str, str]
"""The text of each table by its name without extension, such as `services`."""


def is_zip(content: bytes) -> bool:
    """Whether the bytes begin like a zip archive."""
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def read_folder(folder: Path) -> Files:
    """Read the tables in a folder. Raises SourceError if there are none, or one is outside it."""
    root = folder.resolve()
    names = [path.name for path in sorted(root.iterdir()) if path.is_file()]
    remaining_bytes = _MAX_BYTES

    def read(name: str) -> bytes:
        nonlocal remaining_bytes
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            raise SourceError(f"{folder}: {name} points outside the folder. Nothing was read.")
        try:
            with path.open("rb") as file:
                content = file.read(remaining_bytes + 1)
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror}.") from None
        remaining_bytes -= len(content)
        _check_limit(remaining_bytes, str(folder))
        return content

    return _read_tables(names, read, str(folder))


def read_zip(content: bytes, source: str) -> Files:
    """Read the tables in a zip archive. Raises SourceError if it is broken, locked or too large."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _read_archive(archive, source)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise SourceError(f"{source} is a broken zip archive ({error}). Fetch it again.") from None
    except RuntimeError:
        raise SourceError(f"{source} has a password. Save it again without one.") from None


def _read_archive(archive: zipfile.ZipFile, source: str) -> Files:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > _MAX_FILES:
        raise SourceError(f"{source} holds {len(members)} files; a data package has about twenty.")
    # An archive often holds a folder: the one with the descriptor or the services.
    paths = [PurePosixPath(member.filename) for member in members]
    folder = next(
        (path.parent for name in (_DESCRIPTOR, *_CORE) for path in paths if path.name == name),
        PurePosixPath(),
    )
    members_by_name = {
        path.name: member
        for path, member in zip(paths, members, strict=True)
        if path.parent == folder
    }
    remaining_bytes = _MAX_BYTES

    def read(name: str) -> bytes:
        nonlocal remaining_bytes
        if name not in members_by_name:
            raise SourceError(f"{source} lacks the file {name} that its {_DESCRIPTOR} lists.")
        content = bytearray()
        # The sizes that the archive declares cannot be trusted.
        with archive.open(members_by_name[name]) as file:
            while chunk := file.read(_CHUNK_SIZE):
                content += chunk
                remaining_bytes -= len(chunk)
                _check_limit(remaining_bytes, source)
        return bytes(content)

    return _read_tables(sorted(members_by_name), read, source)


def _check_limit(remaining_bytes: int, source: str) -> None:
    if remaining_bytes < 0:
        raise SourceError(
            f"{source} holds more than {_MAX_BYTES // 1_000_000} megabytes of text, "
            "too much for a directory of services. Nothing was read."
        )


def _read_tables(names: list[str], read: Callable[[str], bytes], source: str) -> Files:
    paths = {Path(name).stem: name for name in names if name.lower().endswith(".csv")}
    if _DESCRIPTOR in names:
        # The descriptor decides: a package may hold one table under two spellings.
        paths = _read_descriptor(_decode(read(_DESCRIPTOR), _DESCRIPTOR, source), names, source)
    if not {"service", "services"} & paths.keys():
        raise SourceError(
            f"{source} holds no table of services: a data package has a {_DESCRIPTOR} "
            "and CSV files, services.csv among them."
        )
    return {name: _decode(read(path), path, source) for name, path in paths.items()}


def _read_descriptor(text: str, names: list[str], source: str) -> dict[str, str]:
    try:
        resources = json.loads(text)["resources"]
        paths = {
            str(resource["name"]): str(resource["path"])
            for resource in resources
            if "path" in resource
        }
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SourceError(f"{source}: {_DESCRIPTOR} is not a data package descriptor.") from None
    for path in paths.values():
        if "/" in path or "\\" in path or path.startswith(".") or ":" in path:
            raise SourceError(
                f"{source}: {_DESCRIPTOR} lists {path[:80]!r}, which is not a file in its folder. "
                "Nothing was read."
            )
    # A package may describe every table of the standard, and leave out the empty ones.
    return {name: path for name, path in paths.items() if path in names}


def _decode(content: bytes, name: str, source: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{source}: {name} is not UTF-8 (byte {error.start}). Save it again as 'CSV UTF-8'."
        ) from None
