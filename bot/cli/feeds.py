"""`connector directory register, unregister, feeds, sync`: keeps registered feeds up to date."""

from typing import Annotated

import typer

from bot.cli.reports import print_import_report
from bot.settings import Settings
from bot.terminal import OUT, show_progress
from directory.errors import DirectoryError


def add_commands(app: typer.Typer) -> None:
    """Add these commands to the directory group."""
    for command in (register, unregister, feeds, sync):
        app.command()(command)


def register(
    name: Annotated[str, typer.Argument(help="Name of the source.")],
    address: Annotated[str, typer.Argument(help="The feed's http(s) address.")],
    notice: Annotated[
        str | None, typer.Option(help="Text shown with each of its listings.")
    ] = None,
) -> None:
    """Register a feed, so that `sync` reads it."""
    from directory.importing import sync as feed_sync
    from directory.importing.upgrade import open_directory

    feed_sync.register_feed(open_directory(Settings().directory_url), name, address, notice)
    OUT.print(f"{name} is registered. Read it with: connector directory sync", markup=False)


def unregister(name: Annotated[str, typer.Argument(help="Name of the feed.")]) -> None:
    """Stop reading a feed; its listings stay."""
    from directory.importing import sync as feed_sync
    from directory.importing.upgrade import open_directory

    feed_sync.unregister_feed(open_directory(Settings().directory_url), name)
    OUT.print(f"{name} is no longer registered. Its listings stay.", markup=False)


def feeds() -> None:
    """Print the registered feeds, and the imports that wait for a decision."""
    from directory.importing import sync as feed_sync
    from directory.importing.upgrade import open_directory
    from directory.sources.http_client import parse_url, redact_url

    for feed in feed_sync.list_feeds(open_directory(Settings().directory_url)):
        when = f"read on {feed.synced:%d %B %Y}" if feed.synced else "not read yet"
        # An address can contain a key.
        OUT.print(f"{feed.name}: {redact_url(parse_url(feed.address))}, {when}.", markup=False)
        if feed.held:
            OUT.print(f"  held: {feed.held}", markup=False)
            OUT.print(
                f"  If that is right: connector directory sync --accept {feed.name}", markup=False
            )


def sync(
    names: Annotated[list[str] | None, typer.Argument(help="Feeds to read; default: all.")] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            help="Feed to import even if most of its listings would be closed; can be repeated."
        ),
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for each response.")] = 20.0,
) -> None:
    """Bring the directory up to date with the registered feeds."""
    from directory.encoder import Encoder, prepare_encoder
    from directory.importing import sync as feed_sync
    from directory.importing.upgrade import open_directory

    settings = Settings()
    prepare_encoder(settings.encoder_folder)
    with show_progress() as progress:
        engine = open_directory(settings.directory_url, progress)
        reports = feed_sync.sync_feeds(
            engine,
            Encoder(settings.encoder_folder),
            only=names or None,
            accept=accept or (),
            allow_private=settings.fetch_private,
            timeout=timeout,
            progress=progress,
        )
    for report in reports:
        if report.counts:
            print_import_report(report.counts)
        else:
            outcome = "not changed" if report.unchanged else report.held or report.failed
            OUT.print(f"{report.name}: {outcome}", markup=False)
    if failed := [report.name for report in reports if report.held or report.failed]:
        raise DirectoryError(f"Not brought up to date: {', '.join(failed)}.")
