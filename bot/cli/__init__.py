"""The `connector` command: one module for each group of subcommands.

An operator's mistake ends with one plain line and exit code 1, never with a traceback. What a
command stores is readable by its own account only.
"""

import contextlib
import os
import sys
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from bot.cli import answers, checkins, desk, directory, feeds, nlu, places, safety
from bot.errors import InputError, SetupError
from bot.private_files import PRIVATE_UMASK, tighten_files
from bot.settings import Settings
from bot.terminal import ERR
from checkins.errors import CheckInsError
from directory.database import DatabaseFault, describe_fault
from directory.errors import DirectoryError

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
feeds.add_commands(directory.app)
answers.add_commands(directory.app)
app.add_typer(directory.app, name="directory")
app.add_typer(places.app, name="places")
app.add_typer(checkins.app, name="checkins")
app.add_typer(desk.app, name="desk")
app.add_typer(nlu.app, name="nlu")
app.add_typer(safety.app, name="safety")


@app.callback()
def _group() -> None:
    """Community Connector: a chat that finds local groups by meaning."""
    # A command that needs a wrong setting reports it.
    with contextlib.suppress(ValidationError, SettingsError):
        if exposed := tighten_files(Settings()):
            names = ", ".join(map(str, exposed))
            ERR.print(
                f"Others may read {names}, which belongs to another account. As that account, "
                "run: chmod go= with each of these names.",
                markup=False,
            )


@app.command()
def run(
    example_town: Annotated[
        bool,
        typer.Option(
            "--example-town",
            help="Load the example town into an empty directory, even if another one was lost.",
        ),
    ] = False,
) -> None:
    """Prepare what is missing, then serve the chat until Ctrl-C."""
    from bot.app import serve

    serve(Settings(), load_example=example_town)


def main() -> None:
    """The entry point: turns a known error into one line and exit code 1."""
    try:
        # Commands find the user's own umask in `typer.Context.obj`.
        app(obj=os.umask(PRIVATE_UMASK))
    except (DirectoryError, CheckInsError, SetupError, InputError) as error:
        _fail(str(error))
    except DatabaseFault as error:
        # A traceback would quote the values of the statement.
        _fail(str(describe_fault(error)))
    except ValidationError as error:
        # A setting's value may be a secret: only its name and the problem are printed.
        problem = error.errors()[0]
        name = str(problem["loc"][0]).upper()
        _fail(f"The setting {name} is wrong: {problem['msg']}. See docs/reference/settings.md.")
    except SettingsError as error:
        # The message starts 'error parsing value for field "checkin_areas" from source ...';
        # only the field's name is printed, never the value.
        name = str(error).partition('"')[2].partition('"')[0].upper()
        _fail(f"The setting {name} is not a JSON list or value. See docs/reference/settings.md.")


def _fail(line: str) -> NoReturn:
    ERR.print(line, style="red", markup=False)
    sys.exit(1)
