"""`connector desk`: operators manage accounts, and no password is an argument."""

import io
import sys

import pytest

from bot.cli import main
from directory.database import open_database
from directory.desk.accounts import Accounts
from tests.support.desk_server import PASSWORD

SECRET = "a secret of sixteen letters"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs a command with standard input; returns its exit code, output and errors."""
    monkeypatch.setenv("CONNECTOR_VAR", str(tmp_path))
    monkeypatch.setenv("CONNECTOR_SECRET", SECRET)
    monkeypatch.delenv("DIRECTORY_DATABASE_URL", raising=False)

    def run(*arguments: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["connector", "desk", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        with pytest.raises(SystemExit) as exited:
            main()
        output, errors = capsys.readouterr()
        return int(exited.value.code or 0), output, errors

    return run


def test_accounts_are_added_listed_reset_and_removed(run, tmp_path):
    assert run("list-accounts") == (0, "", "")
    added = run("add-account", "Nadia", "--role", "navigator", typed=f"{PASSWORD}\n")
    assert added == (0, "Nadia can sign in as navigator.\n", "")
    run("add-account", "Anil", "--role", "analyst", typed=f"{PASSWORD}\n")
    assert run("list-accounts")[1] == "Anil: analyst\nNadia: navigator\n"
    assert run("reset-password", "nadia", typed="another good password\n")[0] == 0
    assert run("remove-account", "Anil")[0] == 0
    engine = open_database(f"sqlite:///{tmp_path / 'directory.db'}")
    accounts = Accounts(engine, SECRET.encode())
    assert accounts.check("Nadia", PASSWORD) is None
    assert accounts.check("Nadia", "another good password") is not None
    assert accounts.check("Anil", PASSWORD) is None
    engine.dispose()


@pytest.mark.parametrize(
    ("arguments", "typed", "error"),
    [
        (("add-account", "Nadia", "--role", "owner"), PASSWORD, "The role must be one of"),
        (("add-account", "Nadia", "--role", "admin"), "short", "at least 12 characters"),
        (("add-account", "Nadia", "--role", "admin"), "", "at least 12 characters"),
        (("reset-password", "Nadia"), PASSWORD, "no account with that name"),
        (("remove-account", "Nadia"), "", "no account with that name"),
    ],
)
def test_a_command_error_is_one_line(run, arguments, typed, error):
    code, output, errors = run(*arguments, typed=typed)
    assert (code, output) == (1, "")
    assert error in errors
    assert errors.count("\n") == 1
    assert typed not in errors or not typed
