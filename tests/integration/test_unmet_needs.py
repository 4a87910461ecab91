"""Searches that find nothing good are counted as unmet needs, without anybody's words."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine, text

from bot.checkin_flow import CheckInFlow
from bot.conversation import Conversation
from bot.messages import Message
from bot.rasa.gateway import RasaGateway
from bot.rasa.process import RasaProcess
from bot.safety.guard import Guard
from bot.settings import Settings
from checkins.questions import load_questions
from directory.answers.answering import AnswerService
from directory.errors import DatabaseError
from directory.importing.importer import import_listings
from directory.importing.upgrade import open_directory
from directory.listing import Listing, Place, Point
from directory.notes import Notebook, UnmetNeed
from directory.places import Area
from directory.recommend import RecommendationRequest, recommend_listings, record_unmet_need
from directory.search.service import SearchService
from directory.team import Team
from nlu.actions import Services

OLD_TOWN = Area("Old Town", Point(53.0, 1.0))
AWAY = Area("Quiet Lane", Point(54.5, 1.0))


def make_choir(name: str, point: Point | None = None, **values) -> Listing:
    places = (Place(neighbourhood="Old Town", point=point),) if point else ()
    description = "Singing together, for everybody who likes to sing in a choir."
    return Listing(name, name, "group", description, places=places, **values)


CHOIRS = (
    make_choir("Old Town Choir", Point(53.0, 1.0)),
    make_choir("Harbour Choir", Point(53.01, 1.0)),
    make_choir("Choir from home", None, online=True),
)


@pytest.fixture
def filled_engine(tmp_path, encoder) -> Iterator[Engine]:
    filled_engine = open_directory(f"sqlite:///{tmp_path / 'directory.db'}")
    import_listings(filled_engine, encoder, "town", CHOIRS)
    yield filled_engine
    filled_engine.dispose()


@pytest.fixture
def search_service(filled_engine, encoder) -> SearchService:
    return SearchService(filled_engine, encoder)


def test_listings_within_five_miles_are_near(search_service):
    recommendation = recommend_listings(
        search_service, RecommendationRequest(interest="choir", area=OLD_TOWN)
    )
    assert not recommendation.is_far
    assert recommendation.places[0].stored.listing.name == "Old Town Choir"


def test_without_near_listings_the_nearest_and_an_online_one_are_recommended(
    filled_engine, encoder
):
    far = [make_choir(f"Far Choir {n}", Point(53.2 + n / 100, 1.0)) for n in range(4)]
    description = "A weekly hour of karaoke and old songs, with a cup of tea."
    screen = replace(CHOIRS[2], name="Songs on a screen", description=description)
    import_listings(filled_engine, encoder, "town", [*CHOIRS[:2], *far, screen])
    request = RecommendationRequest(interest="choir", area=Area("you", Point(53.4, 1.0)))
    recommendation = recommend_listings(SearchService(filled_engine, encoder), request)
    assert recommendation.is_far
    names = [hit.stored.listing.name for hit in recommendation.places]
    assert names == ["Far Choir 3", "Far Choir 2", "Songs on a screen"]


def test_a_need_is_counted_by_topic_and_coarse_area(filled_engine, search_service):
    notebook = Notebook(filled_engine, lambda: date(2026, 11, 23))
    for _ in range(2):
        record_unmet_need(
            search_service,
            notebook,
            RecommendationRequest(interest="i cant pay my rent", area=OLD_TOWN),
        )
    record_unmet_need(
        search_service, notebook, RecommendationRequest(interest="zzyzx flurble", area=AWAY)
    )
    first, second = notebook.read_unmet_needs()
    assert (first.week, first.area, first.count) == ("2026-W48", "Old Town", 2)
    assert first.category
    assert second == UnmetNeed("2026-W48", "", "", 1)


def test_no_words_are_stored(filled_engine, search_service):
    record_unmet_need(
        search_service,
        Notebook(filled_engine),
        RecommendationRequest(interest="xylophones for Ermintrude"),
    )
    with filled_engine.connect() as connection:
        rows = str(connection.execute(text("SELECT * FROM unmet_need")).all()).casefold()
    assert "xylophone" not in rows
    assert "ermintrude" not in rows


def test_a_need_is_counted_while_rasa_is_away(filled_engine, search_service, encoder, tmp_path):
    notebook = Notebook(filled_engine, lambda: date(2026, 11, 23))
    services = Services(search_service, AnswerService(encoder.encode_tokens), notebook, Team())

    async def converse() -> None:
        # It is never started, so nothing answers.
        rasa = RasaProcess(
            model=tmp_path / "model",
            encoder=tmp_path,
            port=1,
            actions_port=1,
            actions_token="",
            timeout=1,
            log_file=tmp_path / "log",
        )
        conversation = Conversation(
            guard=Guard(encoder.encode_if_ready),
            checkin_flow=CheckInFlow(
                load_questions().get_set(Settings().checkin_questions),
                ["Old Town"],
                lambda _: None,
                date.today,
                bytes(32),
            ),
            rasa=RasaGateway(rasa),
            services=services,
            secret=b"secret",
            nation="england",
        )
        for words in ("i cant pay my rent", "singing in a choir", "zzyzx flurble"):
            await conversation.answer("web:1", Message(text=words))
        await rasa.stop()

    asyncio.run(converse())
    services.background.shutdown()
    [need] = notebook.read_unmet_needs()
    assert need.category
    assert (need.week, need.count) == ("2026-W48", 1)


def test_a_failed_count_is_no_error(filled_engine, search_service):
    with filled_engine.begin() as connection:
        connection.execute(text("DROP TABLE unmet_need"))
    notebook = Notebook(filled_engine)
    record_unmet_need(search_service, notebook, RecommendationRequest(interest="choir"))
    with pytest.raises(DatabaseError):
        notebook.add_unmet_need("", "")
