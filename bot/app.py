"""The composition root: prepares what is missing, wires every part, runs and ends it all.

The one place that knows all rooms at once. Decides nothing about a conversation.
"""

import asyncio
import contextlib
import logging
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from rich.console import Console

from bot.checkin_flow import CheckinFlow
from bot.cli.tables import show_progress
from bot.conversation import Conversation
from bot.errors import SetupError
from bot.rasa.process import RasaProcess
from bot.rasa.training import find_model_path, train_model
from bot.safety.guard import Guard
from bot.safety.helplines import HELPLINES
from bot.settings import ROOT, Settings
from bot.telegram.app import Telegram
from bot.web.actions import create_actions_app
from bot.web.app import create_app
from bot.web.desk.app import create_desk, mount_desk
from bot.web.publishing import publish
from checkins.checkin import first_week_kept
from checkins.draft import count_hours
from checkins.errors import CheckinsError
from checkins.migration import migrate as migrate_checkins
from checkins.questions import load_questions
from checkins.release.ledger import Ledger
from checkins.store import CheckIns, open_engine
from directory.database import open_database
from directory.desk.services import DeskServices
from directory.encoder import Encoder, is_encoder_prepared, prepare_encoder
from directory.importing.importer import import_listings
from directory.importing.upgrade import open_directory
from directory.notes import Notebook
from directory.publishing.repository import ServiceRepository
from directory.search.service import SearchService, count_listings
from directory.sources.detect import read_source

EXAMPLE = ROOT / "examples" / "larkhaven.csv"
EXAMPLE_NOTICE = "Fictional example: this place does not exist."

_told = Console(stderr=True, highlight=False, soft_wrap=True)


class StartError(SetupError):
    """The program cannot start; the message is one plain line that says what to do."""


def serve(settings: Settings) -> None:
    """Prepare, then run until Ctrl-C or SIGTERM. Raises StartError."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("bot").setLevel(logging.INFO)
    for line in HELPLINES.stale(date.today()):
        _told.print(
            f"Check {line.name}, {line.contact}, in bot/safety/helplines.toml: it has been a while."
        )
    checkins = CheckIns(open_engine(settings.checkins_url))
    # Before what takes minutes, so that a wrong setting is told at once.
    flow = _make_checkins(settings, checkins)
    with (
        _bind("WEB_PORT", settings.web_host, settings.web_port) as web,
        _bind("ACTIONS_PORT", "127.0.0.1", settings.actions_port) as actions,
        _bind("RASA_PORT", "127.0.0.1", settings.rasa_port) as rasa,
    ):
        rasa_port: int = rasa.getsockname()[1]
        rasa.close()
        encoder = Encoder(settings.encoder_folder)
        model = prepare_all(settings, encoder)
        asyncio.run(_run(settings, checkins, flow, encoder, model, web, actions, rasa_port))


def prepare_all(settings: Settings, encoder: Encoder) -> Path:
    """Make whatever is missing: encoder, databases, listings, Rasa's model (returned)."""
    if not is_encoder_prepared(settings.encoder_folder):
        with _step("Preparing the sentence encoder (about 15 s)"):
            prepare_encoder(settings.encoder_folder)
    with show_progress() as progress:
        engine = open_directory(settings.directory_url, progress)
    if count_listings(engine) == 0:
        with _step("Loading the example town of Larkhaven (about 15 s)"):
            rows = read_source(str(EXAMPLE))
            import_listings(engine, encoder, EXAMPLE.stem, rows, notice=EXAMPLE_NOTICE)
    engine.dispose()
    migrate_checkins(settings.checkins_url)
    model = find_model_path(settings.connector_var / "models")
    if not model.exists():
        with _step("Teaching Rasa (about a minute)"):
            train_model(
                model, settings.encoder_folder, settings.connector_var / "rasa-training.log"
            )
    return model


async def _run(
    settings: Settings,
    checkins: CheckIns,
    flow: CheckinFlow,
    encoder: Encoder,
    model: Path,
    web: socket.socket,
    actions: socket.socket,
    rasa_port: int,
) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    rasa = RasaProcess(
        model=model,
        encoder=settings.encoder_folder,
        port=rasa_port,
        actions_port=actions.getsockname()[1],
        timeout=settings.rasa_timeout,
        log_file=settings.connector_var / "rasa.log",
    )
    engine = open_database(settings.directory_url)
    search_service = SearchService(engine, encoder)
    len(search_service)  # reads the listings in
    secret = settings.read_secret()
    notebook = Notebook(engine)
    conversation = Conversation(
        guard=Guard(encoder.encode_if_ready),
        checkins=flow,
        rasa=rasa,
        search_service=search_service,
        notebook=notebook,
        secret=secret,
        nation=settings.nation,
        team=settings.team,
    )
    telegram = _make_telegram(settings, conversation)
    receive = telegram.receive if telegram and settings.telegram_webhook_url else None
    app = create_app(
        conversation,
        origins=settings.web_origins,
        secret=secret,
        messages_a_minute=settings.web_messages_a_minute,
        rasa_is_up=lambda: rasa.is_up,
        receive_telegram=receive,
    )
    publish(app, ServiceRepository(engine), search_service, settings.web_base_url)
    desk_services = DeskServices(engine, encoder, secret, fetch_private=settings.fetch_private)
    ledger = Ledger(open_engine(settings.checkins_url))
    mount_desk(
        app, create_desk(desk_services, search_service, ledger, secret, settings.web_base_url)
    )
    servers = (
        _Server(app, web, settings.web_proxies),
        _Server(create_actions_app(search_service, notebook, settings.team), actions),
    )
    async with contextlib.AsyncExitStack() as running:
        for server in servers:
            running.push_async_callback(server.stop)
            await server.start()
        running.callback(
            asyncio.create_task(_keep_tidy(checkins, settings.checkin_retention_weeks)).cancel
        )
        running.push_async_callback(rasa.stop)
        await rasa.start()
        if telegram:
            running.push_async_callback(telegram.stop)
            await _start_telegram(telegram, settings)
        host, port = web.getsockname()[:2]
        # Last, as its imports keep a core busy for some 4 s: until then words alone decide.
        warming = loop.run_in_executor(None, encoder.load)
        _told.print(f"The chat is at [bold]http://{host}:{port}/[/bold]   Ctrl-C ends it.")
        await stopping.wait()
        _told.print("Stopping ...")
        await warming


async def _keep_tidy(checkins: CheckIns, weeks: int) -> None:
    """Now and every hour: let go of check-ins and of used Sends that are old enough."""
    while True:
        try:
            await asyncio.to_thread(checkins.forget_stubs, count_hours())
            await asyncio.to_thread(checkins.purge, first_week_kept(weeks, date.today()))
        except CheckinsError as error:
            logging.getLogger(__name__).error("%s", error)
        await asyncio.sleep(3600)


def _make_checkins(settings: Settings, keeper: CheckIns) -> CheckinFlow:
    try:
        book = load_questions(settings.checkin_questions_file)
    except CheckinsError as error:
        raise StartError(f"CHECKIN_QUESTIONS_FILE is wrong. {error}") from None
    try:
        questions = book.question_set(settings.checkin_questions)
    except CheckinsError as error:
        raise StartError(f"CHECKIN_QUESTIONS is wrong. {error}") from None
    areas, secret = settings.checkin_areas, settings.read_secret()
    try:
        return CheckinFlow(questions, areas, keeper, date.today, secret)
    except ValueError as error:
        raise StartError(f"CHECKIN_AREAS or CHECKIN_QUESTIONS is wrong: {error}.") from None


def _make_telegram(settings: Settings, conversation: Conversation) -> Telegram | None:
    if settings.telegram_bot_token is None:
        return None
    token = settings.telegram_bot_token.get_secret_value()
    return Telegram(conversation, token=token, base_url=settings.telegram_base_url)


async def _start_telegram(telegram: Telegram, settings: Settings) -> None:
    if settings.telegram_webhook_url:
        secret = settings.telegram_webhook_secret
        await telegram.start_webhook(
            settings.telegram_webhook_url, secret.get_secret_value() if secret else ""
        )
    else:
        await telegram.start()


class _Server:
    """A uvicorn server on a socket that is bound already, inside our own event loop."""

    def __init__(self, app: FastAPI, bound: socket.socket, proxies: Sequence[str] = ()) -> None:
        config = uvicorn.Config(
            app,
            log_level="error",
            access_log=False,
            lifespan="off",
            forwarded_allow_ips=list(proxies),
        )
        self._server = uvicorn.Server(config)
        # Signals are ours: uvicorn would end itself and leave the rest running.
        self._server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
        self._bound = bound
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._server.serve(sockets=[self._bound]))
        # uvicorn tells only by this flag that it is up.
        while not self._server.started and not self._task.done():  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        self._server.should_exit = True
        if self._task:
            await self._task


def _bind(setting: str, host: str, port: int) -> socket.socket:
    """A listening socket; 0 takes any free port. Raises StartError if it is in use."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(128)
    except OSError as error:
        bound.close()
        raise StartError(
            f"Port {port} on {host} cannot be used ({error.strerror}). End the program that "
            f"has it, or choose another: {setting}={port + 1} make run"
        ) from None
    return bound


@contextlib.contextmanager
def _step(what: str) -> Iterator[None]:
    """Say what takes long, with a spinner where there is a terminal."""
    if sys.stderr.isatty():
        with _told.status(f"{what} ..."):
            yield
    else:
        _told.print(f"{what} ...")
        yield
    _told.print(f"{what}: done")
