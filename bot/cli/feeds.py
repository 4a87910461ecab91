"""The commands that keep the directory in step with the feeds it was told of."""

from typing import Annotated

import typer

from bot.cli.reports import print_import_report
from bot.settings import Settings
from bot.terminal import OUT, show_progress
from directory.errors import DirectoryError


def add_commands(app: typer.Typer) -> None:
    """Put them beside the other commands on the directory."""
    for command in (register, unregister, feeds, sync):
        app.command()(command)


def register(
    name: Annotated[str, typer.Argument(help="Name to keep its listings under.")],
    address: Annotated[str, typer.Argument(help="http(s) address of the feed.")],
    notice: Annotated[
        str | None, typer.Option(help="Words shown with each of its listings.")
    ] = None,
) -> None:
    """Have `sync` read a feed from now on."""
    from directory.importing import sync as feed_sync
    from directory.importing.upgrade import open_directory

    feed_sync.register_feed(open_directory(Settings().directory_url), name, address, notice)
    OUT.print(f"{name} is registered. Read it with: connector directory sync", markup=False)


def unregister(name: Annotated[str, typer.Argument(help="Name of the feed.")]) -> None:
    """Read a feed no more; its listings stay as they are."""
    from directory.importing import sync as feed_sync
    from directory.importing.upgrade import open_directory

    feed_sync.unregister_feed(open_directory(Settings().directory_url), name)
    OUT.print(f"{name} is no longer read. Its listings stay.", markup=False)


def feeds() -> None:
    """Print every registered feed, and what waits for somebody's word."""
    from directory.importing import sync as feed_sync
    from directory.importing.upgrade import open_directory
    from directory.sources.http_client import parse_url, redact_url

    for feed in feed_sync.list_feeds(open_directory(Settings().directory_url)):
        when = f"read on {feed.synced:%d %B %Y}" if feed.synced else "not read yet"
        # An address can hold a key.
        OUT.print(f"{feed.name}: {redact_url(parse_url(feed.address))}, {when}.", markup=False)
        if feed.held:
            OUT.print(f"  held: {feed.held}", markup=False)
            OUT.print(
                f"  If that is right: connector directory sync --accept {feed.name}", markup=False
            )


def sync(
    names: Annotated[list[str] | None, typer.Argument(help="Feeds to read; all if none.")] = None,
    accept: Annotated[
        list[str] | None, typer.Option(help="Feed to apply even if it loses most; repeatable.")
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds one answer may take.")] = 20.0,
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
            said = "not changed" if report.unchanged else report.held or report.failed
            OUT.print(f"{report.name}: {said}", markup=False)
    if failed := [report.name for report in reports if report.held or report.failed]:
        raise DirectoryError(f"Not brought up to date: {', '.join(failed)}.")
