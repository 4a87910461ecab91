"""Who may read the files that the real `connector` makes."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from bot.app import _warn_about_root
from bot.private_files import tighten_files
from bot.settings import Settings
from tests.support.service import CONNECTOR

pytestmark = pytest.mark.timeout(120)


def run(var: Path, *arguments: str, umask: int = 0o022, **settings: str) -> str:
    process = subprocess.run(
        [CONNECTOR, *arguments],
        env={**os.environ, "CONNECTOR_VAR": str(var), **settings},
        capture_output=True,
        text=True,
        umask=umask,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return process.stderr


def read_mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_a_command_stores_is_private(tmp_path: Path) -> None:
    var = tmp_path / "var"
    run(var, "directory", "feeds")
    run(var, "checkins", "purge")
    assert read_mode(var) == 0o700
    files = {path.name: oct(read_mode(path)) for path in var.iterdir()}
    assert {"directory.db", "checkins.db"} <= files.keys()
    assert set(files.values()) == {"0o600"}, files


def test_files_that_others_could_read_are_tightened_at_the_next_start(tmp_path: Path) -> None:
    var, elsewhere = tmp_path / "var", tmp_path / "elsewhere"
    run(var, "directory", "feeds")
    elsewhere.mkdir()
    elsewhere.chmod(0o755)
    url = f"sqlite:///{elsewhere / 'answers.sqlite'}"
    run(var, "checkins", "purge", CHECKINS_DATABASE_URL=url)
    lax = [
        var / "directory.db",
        var / "directory.db-wal",
        var / "directory.db.before-upgrade",
        var / "rasa.log",
        var / "secret.key",
        elsewhere / "answers.sqlite",
        elsewhere / "answers.sqlite-shm",
    ]
    for path in lax:
        path.touch()
        path.chmod(0o644)
    var.chmod(0o755)
    run(var, "checkins", "purge", CHECKINS_DATABASE_URL=url)
    assert read_mode(var) == 0o700
    assert {path.name: oct(read_mode(path)) for path in lax if path.exists()} == {
        path.name: "0o600" for path in lax if path.exists()
    }
    assert read_mode(elsewhere) == 0o755, "a folder that is not ours"


def test_other_files_links_and_shared_folders_stay_as_they_are(tmp_path: Path) -> None:
    var = tmp_path / "var"
    var.mkdir()
    var.chmod(0o1777)
    letter, linked = var / "letter.txt", tmp_path / "linked.db"
    for path in (letter, linked):
        path.touch()
        path.chmod(0o644)
    (var / "other.db").symlink_to(linked)
    assert tighten_files(Settings(connector_var=var)) == []
    assert [read_mode(path) for path in (var, letter, linked)] == [0o1777, 0o644, 0o644]


@pytest.mark.parametrize(
    ("umask", "folder", "file"), [(0o022, 0o755, 0o644), (0o027, 0o750, 0o640)]
)
def test_a_release_has_the_modes_that_its_user_wants(
    tmp_path: Path, umask: int, folder: int, file: int
) -> None:
    out = tmp_path / "releases"
    run(tmp_path / "var", "checkins", "demo", "--out", str(out), "--no-open", umask=umask)
    quarters = list(out.iterdir())
    assert len(quarters) == 4
    assert {oct(read_mode(path)) for path in (out, *quarters)} == {oct(folder)}
    files = [path for quarter in quarters for path in quarter.iterdir()]
    assert {oct(read_mode(path)) for path in files} == {oct(file)}
    assert read_mode(tmp_path / "var" / "checkins.db") == 0o600


@pytest.mark.parametrize(("user", "lines"), [(0, 1), (1000, 0)])
def test_running_as_root_is_warned_about_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], user: int, lines: int
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    _warn_about_root()
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == lines
    assert ("root" in printed.err) is bool(lines)
