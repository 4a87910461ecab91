"""A release as a folder of files: written whole or not at all, and read back.

Must never write over anything.
"""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from checkins.errors import ReleaseError
from checkins.figures import Figures
from checkins.outputs.figures_reader import read_figures


def check_free(out: Path) -> None:
    """Raises ReleaseError unless `out` is new or an empty folder."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ReleaseError(
            f"{out} is not an empty folder, and a release never changes. Choose a new one."
        )


def write_folder(files: Mapping[str, bytes], out: Path) -> None:
    """Write every file of a release into `out`, which is new or empty. Raises ReleaseError."""
    check_free(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        drafts = Path(tempfile.mkdtemp(prefix=".release-", dir=out.parent))
    except OSError as error:
        raise _unwritable(out, error) from error
    try:
        for name, content in files.items():
            (drafts / name).write_bytes(content)
        drafts.chmod(0o755)
        # All files appear at once. A rename replaces only a folder that is still empty.
        drafts.rename(out)
    except OSError as error:
        raise _unwritable(out, error) from error
    finally:
        shutil.rmtree(drafts, ignore_errors=True)


def read_folder(folder: Path) -> Figures:
    """The figures of a release in a folder. Raises ReleaseError for what is none."""
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
