"""The composition root: builds every part of the program once, then runs and stops them.

The only module that knows all parts at once. Must never decide anything about a conversation.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from bot.checkin_flow import CheckInFlow
from bot.connections import ConnectionLimits
from bot.conversation import Conversation
from bot.errors import StartError
from bot.health import Health
from bot.preparation import prepare_all
from bot.rasa.gateway import RasaGateway
from bot.rasa.process import RasaProcess
from bot.rate_limit import DAY, RateLimit
from bot.safety.guard import Guard
from bot.safety.helplines import HELPLINES
from bot.server import Server, bind_port
from bot.settings import Settings
from bot.shutdown import GRACE_SECONDS, handle_stop_signals
from bot.telegram.app import Telegram
from bot.terminal import ERR
from bot.web.actions import create_actions_app
from bot.web.app import create_app
from bot.web.desk.app import create_desk
from bot.web.publishing import create_publishing_app
from checkins.checkin import first_week_kept
from checkins.draft import current_hour
from checkins.errors import CheckInsError
from checkins.questions import load_questions
from checkins.release.ledger import Ledger
from checkins.store import CheckInRepository, open_engine
from directory.answers.answering import AnswerService
from directory.database import open_database
from directory.desk.services import DeskServices
from directory.encoder import Encoder
from directory.notes import Notebook
from directory.publishing.repository import ServiceRepository
from directory.search.service import SearchService
from migrations.database_faults import check_database
from nlu.actions import Services

log = logging.getLogger(__name__)

_SECONDS_BETWEEN_PURGES = 3600


@dataclass(frozen=True)
class _Sockets:
    """The bound sockets of our two servers, and a free port for Rasa's."""

    web: socket.socket
    actions: socket.socket
    rasa_port: int


@dataclass(frozen=True)
class _Program:
    """Everything that is started and stopped."""

    web: Server
    actions: Server
    rasa: RasaProcess
    telegram: Telegram | None
    desk_services: DeskServices


def serve(settings: Settings, *, load_example: bool = False) -> None:
    """Prepare what is missing, then run until Ctrl-C or SIGTERM. Raises StartError.

    With `load_example`, an empty directory gets the example town even if another was there.
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("bot").setLevel(logging.INFO)
    for line in HELPLINES.list_stale(date.today()):
        ERR.print(
            f"Check {line.name}, {line.contact}, in bot/safety/helplines.toml: "
            "it was last checked more than six months ago."
        )
    checkins_engine = open_engine(settings.checkins_url)
    checkins = CheckInRepository(checkins_engine)
    # Before the steps that take minutes, so that a wrong setting is reported at once.
    checkin_flow = _build_checkin_flow(settings, checkins)
    with (
        bind_port("WEB_PORT", settings.web_host, settings.web_port) as web,
        bind_port("ACTIONS_PORT", "127.0.0.1", settings.actions_port) as actions,
        bind_port("RASA_PORT", "127.0.0.1", settings.rasa_port) as rasa,
    ):
        sockets = _Sockets(web, actions, rasa.getsockname()[1])
        rasa.close()
        encoder = Encoder(settings.encoder_folder)
        model = prepare_all(settings, encoder, load_example=load_example)
        ledger = Ledger(checkins_engine)
        asyncio.run(_run(settings, checkins, checkin_flow, ledger, encoder, model, sockets))


async def _run(
    settings: Settings,
    checkins: CheckInRepository,
    checkin_flow: CheckInFlow,
    ledger: Ledger,
    encoder: Encoder,
    model: Path,
    sockets: _Sockets,
) -> None:
    stopping = handle_stop_signals()
    loop = asyncio.get_running_loop()
    program = _build_program(settings, checkins, checkin_flow, ledger, encoder, model, sockets)
    # Stopped in reverse: first what receives messages, then what is needed to answer them.
    async with contextlib.AsyncExitStack() as running:
        running.push_async_callback(program.actions.stop)
        await program.actions.start()
        running.push_async_callback(program.rasa.stop)
        await program.rasa.start()
        running.push_async_callback(asyncio.to_thread, program.desk_services.close)
        running.callback(
            asyncio.create_task(_purge_regularly(checkins, settings.checkin_retention_weeks)).cancel
        )
        running.push_async_callback(_stop_receiving, program)
        await program.web.start()
        if program.telegram:
            await _start_telegram(program.telegram, settings)
        host, port = sockets.web.getsockname()[:2]
        # Last, because loading keeps a core busy for about 4 s. Until then the guard and the
        # search use words alone.
        loop.run_in_executor(None, encoder.load)
        _warn_about_root()
        ERR.print(f"The chat is at [bold]http://{host}:{port}/[/bold]   Press Ctrl-C to stop.")
        if not settings.web_base_url:
            ERR.print("Published links lead there. For another address, set WEB_BASE_URL.")
        await stopping.wait()


async def _stop_receiving(program: _Program) -> None:
    """Take no more messages, and answer those under way within the grace period."""
    channels = [program.web.stop(GRACE_SECONDS)]
    if program.telegram:
        channels.append(asyncio.wait_for(program.telegram.stop(), GRACE_SECONDS))
    results = await asyncio.gather(*channels, return_exceptions=True)
    for error in results:
        if isinstance(error, BaseException):
            log.warning("Some messages were not answered: %s", type(error).__name__)


def _build_program(
    settings: Settings,
    checkins: CheckInRepository,
    checkin_flow: CheckInFlow,
    ledger: Ledger,
    encoder: Encoder,
    model: Path,
    sockets: _Sockets,
) -> _Program:
    secret, actions_token = settings.read_secret(), secrets.token_urlsafe(32)
    base_url = settings.web_base_url or _find_local_url(sockets.web)
    rasa = RasaProcess(
        model=model,
        encoder=settings.encoder_folder,
        port=sockets.rasa_port,
        actions_port=sockets.actions.getsockname()[1],
        actions_token=actions_token,
        timeout=settings.rasa_timeout,
        log_file=settings.connector_var / "rasa.log",
    )
    engine = open_database(settings.directory_url)
    search_service = SearchService(engine, encoder)
    len(search_service)  # loads the listings before the first search
    gateway = RasaGateway(rasa)
    services = Services(
        search_service, AnswerService(encoder.encode_tokens), Notebook(engine), settings.team
    )
    conversation = Conversation(
        guard=Guard(encoder.encode_if_ready),
        checkin_flow=checkin_flow,
        rasa=gateway,
        services=services,
        secret=secret,
        nation=settings.nation,
    )
    health = Health(
        lambda: "up" if rasa.is_up else "starting" if rasa.is_starting else "down",
        {
            "directory": partial(check_database, engine),
            "checkins": checkins.check_state,
        },
    )
    telegram = _build_telegram(settings, conversation)
    desk_services = DeskServices(engine, encoder, secret, fetch_private=settings.fetch_private)
    app = create_app(
        conversation,
        origins=settings.web_origins,
        secret=secret,
        base_url=base_url,
        messages_a_minute=settings.web_messages_a_minute,
        health=health,
        telegram=telegram if settings.telegram_webhook_url else None,
        published=create_publishing_app(ServiceRepository(engine), search_service, base_url),
        desk=create_desk(desk_services, search_service, ledger, secret, base_url),
    )
    actions_app = create_actions_app(services, actions_token, gateway.keep_slots)
    return _Program(
        Server(app, sockets.web, settings.web_proxies),
        # Rasa is the one client, with a connection for each action under way.
        Server(actions_app, sockets.actions, limits=ConnectionLimits(per_client=500)),
        rasa,
        telegram,
        desk_services,
    )


def _find_local_url(bound: socket.socket) -> str:
    """The address of our web server on this machine."""
    host, port = bound.getsockname()[:2]
    return f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"  # noqa: S104


def _build_checkin_flow(settings: Settings, checkins: CheckInRepository) -> CheckInFlow:
    try:
        book = load_questions(settings.checkin_questions_file)
    except CheckInsError as error:
        raise StartError(f"CHECKIN_QUESTIONS_FILE is wrong. {error}") from None
    try:
        questions = book.get_set(settings.checkin_questions)
    except CheckInsError as error:
        raise StartError(f"CHECKIN_QUESTIONS is wrong. {error}") from None
    areas, secret = settings.checkin_areas, settings.read_secret()
    try:
        return CheckInFlow(
            questions,
            areas,
            checkins,
            date.today,
            secret,
            send_limit=RateLimit(settings.checkin_sends_a_day, DAY),
        )
    except ValueError as error:
        raise StartError(f"CHECKIN_AREAS or CHECKIN_QUESTIONS is wrong: {error}.") from None


def _build_telegram(settings: Settings, conversation: Conversation) -> Telegram | None:
    if settings.telegram_bot_token is None:
        return None
    token = settings.telegram_bot_token.get_secret_value()
    return Telegram(
        conversation,
        token=token,
        base_url=settings.telegram_base_url,
        helplines=HELPLINES.find_lines(settings.nation, "unsure"),
        attempts_file=settings.connector_var / "telegram-attempts.json",
    )


async def _start_telegram(telegram: Telegram, settings: Settings) -> None:
    if settings.telegram_webhook_url:
        secret = settings.telegram_webhook_secret
        await telegram.start_webhook(
            settings.telegram_webhook_url, secret.get_secret_value() if secret else ""
        )
    else:
        await telegram.start()


def _warn_about_root() -> None:
    if os.geteuid() == 0:
        ERR.print(
            "Warning: this runs as root, so a fault in it would have the whole machine. "
            "Run it under an account of its own."
        )


async def _purge_regularly(checkins: CheckInRepository, weeks: int) -> None:
    """Delete expired check-ins and stubs, and record bursts, now and every hour."""
    while True:
        try:
            await asyncio.to_thread(checkins.delete_expired_stubs, current_hour())
            await asyncio.to_thread(checkins.record_bursts)
            await asyncio.to_thread(checkins.purge, first_week_kept(weeks, date.today()))
        except CheckInsError as error:
            log.error("%s", error)
        await asyncio.sleep(_SECONDS_BETWEEN_PURGES)
