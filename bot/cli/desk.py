"""`connector desk`: manages the accounts that may sign in to the desk."""

import sys
from typing import Annotated

import typer

from bot.settings import Settings
from bot.terminal import OUT
from directory.desk.accounts import Accounts

app = typer.Typer(no_args_is_help=True, help="Manage accounts for the desk.")

Name = Annotated[str, typer.Argument(help="Name to sign in with.")]


@app.command("add-account")
def add_account(
    name: Name,
    role: Annotated[str, typer.Option(help="navigator, analyst or admin.")],
) -> None:
    """Create an account. The password is prompted for, or read from standard input."""
    account = _open_accounts().add(name, role, _ask_password())
    OUT.print(f"{account.name} can sign in as {account.role}.", markup=False)


@app.command("list-accounts")
def list_accounts() -> None:
    """Print all accounts with their roles."""
    for account in _open_accounts().list_all():
        OUT.print(f"{account.name}: {account.role}", markup=False)


@app.command("remove-account")
def remove_account(name: Name) -> None:
    """Delete an account, and sign it out everywhere."""
    _open_accounts().remove(name)
    OUT.print(f"{name} can no longer sign in.", markup=False)


@app.command("reset-password")
def reset_password(name: Name) -> None:
    """Set a new password. Signs the account out everywhere, and ends its lockout."""
    _open_accounts().reset_password(name, _ask_password())
    OUT.print(f"{name} has a new password.", markup=False)


def _open_accounts() -> Accounts:
    from directory.importing.upgrade import open_directory

    settings = Settings()
    return Accounts(open_directory(settings.directory_url), settings.read_secret())


def _ask_password() -> str:
    """The password, which is never an argument: others on the machine and the history see those."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password: str = typer.prompt(
        "Password, at least 12 characters",
        hide_input=True,
        confirmation_prompt="Repeat the password",
    )
    return password
