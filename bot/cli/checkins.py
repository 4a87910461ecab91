"""The commands that publish check-ins, try what that gives away, and let go of old ones."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from bot.settings import Settings
from bot.terminal import ERR, OUT
from checkins.disclosure import Mark, Policy

app = typer.Typer(no_args_is_help=True, help="Publish anonymous check-ins, and let go of old ones.")


@app.command()
def release(
    period: Annotated[
        str, typer.Option(help="A quarter, a year or a month: 2026-Q4, 2026, 2026-11.")
    ],
    out: Annotated[Path, typer.Option(help="Folder to write; new or empty.")],
    policy: Annotated[Policy, typer.Option(help="How counts are protected.")] = Policy.ROUND_5,
) -> None:
    """Release a period's figures, once and for all, and write them into a folder."""
    from bot.directory_figures import read_directory_counts
    from checkins.migration import migrate
    from checkins.periods import read_period
    from checkins.questions import load_questions
    from checkins.release.ledger import Ledger
    from checkins.release.release import release as make_release
    from checkins.release.release_folder import check_free, write_folder
    from checkins.store import open_engine

    settings = Settings()
    asked = read_period(period)
    check_free(out)
    migrate(settings.checkins_url)
    engine = open_engine(settings.checkins_url)
    done = make_release(
        engine,
        asked,
        settings.checkin_areas,
        policy=policy,
        book=load_questions(settings.checkin_questions_file),
        reach=read_directory_counts(settings.directory_url, asked),
    )
    write_folder(Ledger(engine).read_files(asked.name), out)
    figures = done.figures
    again = " It was released before, and is the same again." if done.already_released else ""
    OUT.print(f"{out}: {asked.name}, for {', '.join(figures.areas_shown)}.{again}", markup=False)
    OUT.print(
        f"Cells suppressed: {figures.count(Mark.SUPPRESSED)}; "
        f"withheld: {figures.count(Mark.WITHHELD)}; "
        f"areas left out: {', '.join(figures.areas_left_out) or 'none'}.",
        markup=False,
    )


@app.command()
def attack(
    folders: Annotated[list[Path], typer.Argument(help="Folders of releases, all that there are.")],
) -> None:
    """Try to work out what releases do not show; exit code 1 if anything can be."""
    from checkins.release.attack import attack as try_out
    from checkins.release.release_folder import read_folder

    done = try_out([read_folder(folder) for folder in folders])
    for leak in done.leaks:
        OUT.print(str(leak), markup=False)
    OUT.print(
        f"{done.tried} hidden counts tried, in {len(folders)} releases and between them; "
        f"{len(done.leaks)} can be bounded more narrowly than promised."
    )
    if done.leaks:
        raise typer.Exit(1)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the releases; new or empty.")],
    show: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the last report in a browser.")
    ] = True,
) -> None:
    """Fill the last full year with fictional check-ins, and release its four quarters.

    Refused where the database holds a real check-in.
    """
    from bot.directory_figures import read_listing_counts
    from checkins.demo import insert_fictional_year, make_fictional_counts
    from checkins.migration import migrate
    from checkins.periods import read_period
    from checkins.questions import load_questions
    from checkins.release.ledger import Ledger
    from checkins.release.release import release as make_release
    from checkins.release.release_folder import check_free, write_folder
    from checkins.store import open_engine

    settings = Settings()
    check_free(out)
    migrate(settings.checkins_url)
    engine = open_engine(settings.checkins_url)
    year = read_period(str(date.today().year - 1))
    areas = settings.checkin_areas
    filled = insert_fictional_year(engine, year, areas, load_questions().get_set("full"))
    OUT.print(f"{filled:,} fictional check-ins for {year.name}.")
    supply = read_listing_counts(settings.directory_url)
    for number in (1, 2, 3, 4):
        quarter = read_period(f"{year.name}-Q{number}")
        make_release(engine, quarter, areas, reach=make_fictional_counts(supply, areas, number))
        write_folder(Ledger(engine).read_files(quarter.name), out / quarter.name)
        OUT.print(str(out / quarter.name), markup=False)
    report = (out / f"{year.name}-Q4" / "report.html").resolve()
    OUT.print(f"The report of the year so far: {report}", markup=False)
    if show:
        typer.launch(report.as_uri())


@app.command()
def purge() -> None:
    """Remove the check-ins that are older than CHECKIN_RETENTION_WEEKS, for good."""
    from checkins.checkin import first_week_kept
    from checkins.migration import migrate
    from checkins.store import CheckInRepository, open_engine

    settings = Settings()
    migrate(settings.checkins_url)
    first = first_week_kept(settings.checkin_retention_weeks, date.today())
    CheckInRepository(open_engine(settings.checkins_url)).purge(first)
    ERR.print(f"Check-ins from before {first} are gone, if there were any.")
