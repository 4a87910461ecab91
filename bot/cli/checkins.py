"""The commands that release check-ins, attack the releases, and purge old check-ins."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from bot.private_files import user_umask
from bot.settings import Settings
from bot.terminal import ERR, OUT
from checkins.disclosure import Mark, Policy

app = typer.Typer(no_args_is_help=True, help="Publish anonymous check-ins, and delete old ones.")


@app.command()
def release(
    ctx: typer.Context,
    period: Annotated[
        str, typer.Option(help="A quarter, a year or a month: 2026-Q4, 2026, 2026-11.")
    ],
    out: Annotated[Path, typer.Option(help="Folder to write; new or empty.")],
    policy: Annotated[Policy, typer.Option(help="How counts are protected.")] = Policy.ROUND_5,
    accept_bursts: Annotated[
        bool,
        typer.Option(
            "--accept-bursts", help="Release even if most check-ins of a week came within an hour."
        ),
    ] = False,
) -> None:
    """Release the figures of a period permanently, and write them into a folder."""
    from bot.directory_figures import read_directory_counts
    from checkins.migration import migrate
    from checkins.periods import parse_period
    from checkins.questions import load_questions
    from checkins.release.ledger import Ledger
    from checkins.release.release import make_release
    from checkins.release.release_folder import check_empty, write_folder
    from checkins.store import open_engine

    settings = Settings()
    released_period = parse_period(period)
    check_empty(out)
    migrate(settings.checkins_url)
    engine = open_engine(settings.checkins_url)
    result = make_release(
        engine,
        released_period,
        settings.checkin_areas,
        policy=policy,
        book=load_questions(settings.checkin_questions_file),
        directory_counts=read_directory_counts(settings.directory_url, released_period),
        accept_bursts=accept_bursts,
    )
    with user_umask(ctx.obj):
        write_folder(Ledger(engine).read_files(released_period.name), out)
    figures = result.figures
    note = " It was already released; the files are the same." if result.already_released else ""
    OUT.print(
        f"{out}: {released_period.name}, for {', '.join(figures.areas_shown)}.{note}", markup=False
    )
    OUT.print(
        f"Cells suppressed: {figures.count_cells(Mark.SUPPRESSED)}; "
        f"withheld: {figures.count_cells(Mark.WITHHELD)}; "
        f"areas left out: {', '.join(figures.areas_left_out) or 'none'}.",
        markup=False,
    )
    if figures.has_bursts:
        OUT.print("Most check-ins of at least one week came within an hour; the release says so.")


@app.command()
def attack(
    folders: Annotated[list[Path], typer.Argument(help="The folders of all releases.")],
) -> None:
    """Try to work out the counts that releases hide; exit code 1 if any can be bounded."""
    from checkins.release.attack import attack_releases
    from checkins.release.release_folder import read_folder

    result = attack_releases([read_folder(folder) for folder in folders])
    for leak in result.leaks:
        OUT.print(str(leak), markup=False)
    OUT.print(
        f"{result.tried} hidden counts tried, in {len(folders)} releases and their differences; "
        f"{len(result.leaks)} can be bounded more narrowly than promised."
    )
    if result.leaks:
        raise typer.Exit(1)


@app.command()
def demo(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder for the releases; new or empty.")],
    show: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the last report in a browser.")
    ] = True,
) -> None:
    """Fill the last full year with fictional check-ins, and release its four quarters.

    Refused if the database holds real check-ins.
    """
    from bot.directory_figures import read_listing_counts
    from checkins.demo import insert_fictional_year, make_fictional_counts
    from checkins.migration import migrate
    from checkins.periods import parse_period
    from checkins.questions import load_questions
    from checkins.release.ledger import Ledger
    from checkins.release.release import make_release
    from checkins.release.release_folder import check_empty, write_folder
    from checkins.store import open_engine

    settings = Settings()
    check_empty(out)
    migrate(settings.checkins_url)
    engine = open_engine(settings.checkins_url)
    year = parse_period(str(date.today().year - 1))
    areas = settings.checkin_areas
    inserted = insert_fictional_year(engine, year, areas, load_questions().get_set("full"))
    OUT.print(f"{inserted:,} fictional check-ins for {year.name}.")
    listing_counts = read_listing_counts(settings.directory_url)
    for number in (1, 2, 3, 4):
        quarter = parse_period(f"{year.name}-Q{number}")
        make_release(
            engine,
            quarter,
            areas,
            directory_counts=make_fictional_counts(listing_counts, areas, number),
        )
        with user_umask(ctx.obj):
            write_folder(Ledger(engine).read_files(quarter.name), out / quarter.name)
        OUT.print(str(out / quarter.name), markup=False)
    report = (out / f"{year.name}-Q4" / "report.html").resolve()
    OUT.print(f"The report of the year so far: {report}", markup=False)
    if show:
        typer.launch(report.as_uri())


@app.command()
def purge(
    accept_jump: Annotated[
        bool,
        typer.Option(
            "--accept-jump", help="Purge even if it goes more than 13 weeks beyond the last purge."
        ),
    ] = False,
) -> None:
    """Delete the check-ins that are older than CHECKIN_RETENTION_WEEKS permanently."""
    from checkins.checkin import first_week_kept
    from checkins.migration import migrate
    from checkins.store import CheckInRepository, open_engine

    settings = Settings()
    migrate(settings.checkins_url)
    first = first_week_kept(settings.checkin_retention_weeks, date.today())
    CheckInRepository(open_engine(settings.checkins_url)).purge(first, accept_jump=accept_jump)
    ERR.print(f"Check-ins from before {first} were deleted, if there were any.")
