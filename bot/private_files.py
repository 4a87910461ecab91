"""Keeps the program's own files private to the account that runs it.

Owns the umask of every command, and the modes of files that earlier versions or other programs
left readable by others. Must never change a file that a user asked for by name: those follow the
user's own umask.
"""

import contextlib
import glob
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from bot.settings import Settings

#: New files are 0600 and new folders 0700.
PRIVATE_UMASK = 0o077

# Databases with their logs and backups, log files, and the key.
_PRIVATE_NAMES = ("*.db*", "*.log*", "secret.*")


@contextlib.contextmanager
def user_umask(umask: int | None) -> Iterator[None]:
    """Make files inside the block with the umask that the user had; None changes nothing.

    The umask belongs to the whole process: use this only where no other thread makes files.
    """
    if umask is None:
        yield
        return
    private = os.umask(umask)
    try:
        yield
    finally:
        os.umask(private)


def tighten_files(settings: Settings) -> list[Path]:
    """Take the permissions of group and others from the program's folder, databases and logs.

    A folder with the sticky bit, such as /tmp, is shared on purpose and stays as it is. Returns
    what others may still read, because it belongs to another account.
    """
    return [path for path in _list_private(settings) if not _make_private(path)]


def _list_private(settings: Settings) -> list[Path]:
    folder = settings.connector_var
    paths = {path for pattern in _PRIVATE_NAMES for path in folder.glob(pattern)}
    for url in (settings.directory_url, settings.checkins_url):
        scheme, _, rest = url.partition(":///")
        if scheme.startswith("sqlite") and rest:
            file = Path(rest.partition("?")[0])
            paths.update(file.parent.glob(f"{glob.escape(file.name)}*"))
    files = sorted(path for path in paths if path.is_file() and not path.is_symlink())
    if folder.is_dir() and not folder.stat().st_mode & stat.S_ISVTX:
        return [folder, *files]
    return files


def _make_private(path: Path) -> bool:
    """Whether only its owner can use the path now."""
    # SQLite deletes its logs when the last program closes the database.
    with contextlib.suppress(FileNotFoundError):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & PRIVATE_UMASK:
            try:
                path.chmod(mode & ~PRIVATE_UMASK)
            except PermissionError:
                return False
    return True
