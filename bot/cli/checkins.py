"""The commands that publish check-ins, and let go of old ones."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.printing import ASIDE, OUT
from bot.settings import Settings
from checkins.errors import CheckinsError

app = typer.Typer(no_args_is_help=True, help="Publish anonymous check-ins, and let go of old ones.")


@app.command()
def release(
    start: Annotated[str, typer.Option("--from", help="First day, a Monday: 2026-10-05.")],
    end: Annotated[str, typer.Option("--to", help="Last day, a Sunday: 2026-11-01.")],
    out: Annotated[Path, typer.Option(help="Folder to write; must not hold a release yet.")],
) -> None:
    """Write a table of check-ins that is safe to publish."""
    from checkins.migrating import migrate
    from checkins.release import release as write_release
    from checkins.store import CheckIns, open_engine

    settings = Settings()
    migrate(settings.checkins_url)
    checkins = CheckIns(open_engine(settings.checkins_url))
    done = write_release(checkins, _day(start), _day(end), out, settings.checkin_areas)
    left_out = ", ".join(done.areas_left_out) or "none"
    OUT.print(f"{done.folder}: {done.rows} rows for {', '.join(done.areas_shown)}.")
    OUT.print(
        f"Suppressed cells: {done.cells_suppressed}; withheld: {done.cells_withheld}; "
        f"areas left out: {left_out}."
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CheckinsError(f"{text!r} is not a day such as 2026-10-05.") from None


@app.command()
def purge() -> None:
    """Remove the check-ins that are older than CHECKIN_RETENTION_WEEKS, for good."""
    from checkins.checkin import first_week_kept
    from checkins.migrating import migrate
    from checkins.store import CheckIns, open_engine

    settings = Settings()
    migrate(settings.checkins_url)
    first = first_week_kept(settings.checkin_retention_weeks, date.today())
    CheckIns(open_engine(settings.checkins_url)).purge(first)
    ASIDE.print(f"Check-ins from before {first} are gone, if there were any.")
