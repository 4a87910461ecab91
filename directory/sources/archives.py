"""Reading the files of a data package, from a folder or a zip archive, trusting neither.

Must never unpack anything onto the disk, open a file outside the package or an archive inside one,
or read more than the limits allow, whatever the archive says about its own size.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from directory.errors import SourceError, SourceTooLargeError
from directory.sources.json_values import parse_json
from directory.sources.limits import MAX_FILES, MAX_RATIO, MAX_SMALL_BYTES, Limits

_CHUNK_SIZE = 1 << 20
# Other methods may unpack one chunk to gigabytes before a byte of it can be counted.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# Begins the record of each file in the archive's directory.
_FILE_RECORD = b"PK\x01\x02"
_DESCRIPTOR = "datapackage.json"
_CORE = ("services.csv", "service.csv")

# What zipfile raises for archives that are not as they should be.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
    LookupError,
    OverflowError,
)

Files = dict[str, str]
"""The text of each table by its name without extension, such as `services`."""


def is_zip(content: bytes) -> bool:
    """Whether the bytes begin like a zip archive."""
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def read_folder(folder: Path, limits: Limits) -> Files:
    """Read the tables in a folder. Raises SourceError if there are none, or one is outside it."""
    root = folder.resolve()
    names = [path.name for path in sorted(root.iterdir()) if path.is_file()]
    byte_count = 0

    def read(name: str) -> bytes:
        nonlocal byte_count
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            raise SourceError(f"{folder}: {name} points outside the folder. Nothing was read.")
        try:
            with path.open("rb") as file:
                content = file.read(limits.max_unpacked_bytes - byte_count + 1)
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror}.") from None
        byte_count += len(content)
        limits.check_unpacked_bytes(byte_count, str(folder))
        return content

    return _read_tables(names, read, str(folder), limits)


def read_zip(content: bytes, source: str, limits: Limits) -> Files:
    """Read the tables in a zip archive. Raises SourceError if it is broken, locked or too large."""
    # Counted in the bytes: opening the archive reads its whole directory.
    if content.count(_FILE_RECORD) > MAX_FILES:
        raise SourceTooLargeError(f"{source} holds more than {MAX_FILES} files.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _read_archive(archive, len(content), source, limits)
    except _BROKEN as error:
        kind = type(error).__name__
        raise SourceError(f"{source} is a broken zip archive ({kind}). Fetch it again.") from None
    except RuntimeError:
        raise SourceError(f"{source} has a password. Save it again without one.") from None


def _read_archive(archive: zipfile.ZipFile, size: int, source: str, limits: Limits) -> Files:
    members = [member for member in archive.infolist() if not member.is_dir()]
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
    byte_count = 0

    def read(name: str) -> bytes:
        nonlocal byte_count
        if name not in members_by_name:
            raise SourceError(f"{source} lacks the file {name} that its {_DESCRIPTOR} lists.")
        member = members_by_name[name]
        if member.compress_type not in _METHODS:
            raise SourceError(f"{source} is compressed in a way that is not read. Zip it again.")
        content = bytearray()
        # The sizes that the archive declares cannot be trusted.
        with archive.open(member) as file:
            while chunk := file.read(_CHUNK_SIZE):
                content += chunk
                byte_count += len(chunk)
                limits.check_unpacked_bytes(byte_count, source)
                if byte_count > max(MAX_SMALL_BYTES, MAX_RATIO * size):
                    raise SourceTooLargeError(
                        f"{source} unpacks to more than {MAX_RATIO} times its size."
                    )
        return bytes(content)

    return _read_tables(sorted(members_by_name), read, source, limits)


def _read_tables(
    names: list[str], read: Callable[[str], bytes], source: str, limits: Limits
) -> Files:
    paths = {Path(name).stem: name for name in names if name.lower().endswith(".csv")}
    if _DESCRIPTOR in names:
        # The descriptor decides: a package may hold one table under two spellings.
        text = _decode(read(_DESCRIPTOR), _DESCRIPTOR, source)
        paths = _read_descriptor(text, names, source, limits)
    if not {"service", "services"} & paths.keys():
        raise SourceError(
            f"{source} holds no table of services: a data package has a {_DESCRIPTOR} "
            "and CSV files, services.csv among them."
        )
    return {name: _decode(read(path), path, source) for name, path in paths.items()}


def _read_descriptor(text: str, names: list[str], source: str, limits: Limits) -> dict[str, str]:
    try:
        resources = parse_json(text, source, limits)["resources"]
        paths = {
            str(resource["name"]): str(resource["path"])
            for resource in resources
            if "path" in resource
        }
    except (ValueError, KeyError, TypeError):
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
