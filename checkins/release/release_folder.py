"""A release as a folder of files, written completely or not at all, and read back.

Must never overwrite anything.
"""

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from checkins.errors import ReleaseError
from checkins.figures import Figures
from checkins.outputs.figures_reader import read_figures


def check_empty(out: Path) -> None:
    """Raise ReleaseError unless `out` does not exist or is an empty folder."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ReleaseError(
            f"{out} is not an empty folder, and a release is never overwritten. Choose a new one."
        )


def write_folder(files: Mapping[str, bytes], out: Path) -> None:
    """Write every file of a release into a new or empty folder. Raises ReleaseError."""
    check_empty(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        # Unlike one of `tempfile`, this folder has the permissions that the user gives new ones.
        temporary = out.parent / f".release-{secrets.token_hex(8)}"
        temporary.mkdir()
    except OSError as error:
        raise _unwritable(out, error) from error
    try:
        for name, content in files.items():
            (temporary / name).write_bytes(content)
        # All files appear at once, and a rename only replaces a folder that is still empty.
        temporary.rename(out)
    except OSError as error:
        raise _unwritable(out, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def read_folder(folder: Path) -> Figures:
    """The figures of the release in a folder. Raises ReleaseError if they cannot be read."""
    try:
        files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    except OSError as error:
        raise ReleaseError(f"{folder} cannot be read: {error.strerror}.") from error
    try:
        return read_figures(files)
    except ReleaseError as error:
        raise ReleaseError(f"{folder}: {error}") from error


def _unwritable(out: Path, error: OSError) -> ReleaseError:
    return ReleaseError(
        f"The release could not be written to {out}: {error.strerror}. Choose another folder."
    )
