"""The commands that say who may sign in to the desk."""

import sys
from typing import Annotated

import typer

from bot.settings import Settings
from bot.terminal import OUT
from directory.desk.accounts import Accounts

app = typer.Typer(no_args_is_help=True, help="Say who may sign in to the desk.")

Name = Annotated[str, typer.Argument(help="The name to sign in with.")]


@app.command("add-account")
def add_account(
    name: Name,
    role: Annotated[str, typer.Option(help="navigator, analyst or admin.")],
) -> None:
    """Make an account; its password is asked for, or read from standard input."""
    account = _open().add(name, role, _ask_password())
    OUT.print(f"{account.name} may sign in as {account.role}.", markup=False)


@app.command("list-accounts")
def list_accounts() -> None:
    """Print every account with its role."""
    for account in _open().list_all():
        OUT.print(f"{account.name}: {account.role}", markup=False)


@app.command("remove-account")
def remove_account(name: Name) -> None:
    """Take an account away, and sign it out everywhere."""
    _open().remove(name)
    OUT.print(f"{name} may not sign in any more.", markup=False)


@app.command("reset-password")
def reset_password(name: Name) -> None:
    """Give an account a new password; it is signed out everywhere, and no longer barred."""
    _open().reset_password(name, _ask_password())
    OUT.print(f"{name} has a new password.", markup=False)


def _open() -> Accounts:
    from directory.importing.upgrade import open_directory

    settings = Settings()
    return Accounts(open_directory(settings.directory_url), settings.read_secret())


def _ask_password() -> str:
    """Never an argument: those are seen by everybody on the machine, and kept in the history."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password: str = typer.prompt(
        "Password, at least 12 characters", hide_input=True, confirmation_prompt="The same again"
    )
    return password
