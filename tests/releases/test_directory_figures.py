"""The counts of the directory in a period, as a release gets them."""

from datetime import date

from bot.directory_figures import NOT_SAID, OTHER, read_directory_counts
from checkins.figures import ListingCount
from checkins.periods import parse_period
from directory.desk.asset_supply import NO_ONE_PLACE
from directory.importing.upgrade import open_directory
from directory.indexing.topic_examples import load_topics
from directory.listing import Listing, Place, Point
from directory.notes import Notebook
from tests.support.open_referral import fill

QUARTER = parse_period("2026-Q4")
TOPIC = load_topics()[0].name


def test_only_the_weeks_of_the_period_are_counted_and_listings_as_they_are_now(
    directory_url: str,
) -> None:
    engine = open_directory(directory_url)
    for day in (date(2026, 9, 27), QUARTER.start, QUARTER.end, date(2027, 1, 4)):
        notebook = Notebook(engine, today=lambda day=day: day)  # type: ignore[misc]
        notebook.add_unmet_need(TOPIC, "Harbourside")
        notebook.add_unmet_need("a topic of long ago", "Harbourside")
        notebook.add_unmet_need("", "")
        notebook.add_feedback("yes")
    notebook.add_feedback("no")
    group = Listing("1", "A choir", "group", "Singing.", strands=("strengthening_communities",))
    point = Point(53.9, 1.3)
    places = tuple(Place(neighbourhood=area, point=point) for area in ("Harbourside", "Old Town"))
    fill(
        engine,
        "town",
        [
            Listing(**{**vars(group), "places": places}),
            Listing(**{**vars(group), "key": "2", "online": True}),
            Listing(**{**vars(group), "key": "3", "status": "closed", "places": places}),
            Listing(**{**vars(group), "key": "4", "confidential": True, "places": places}),
        ],
    )
    engine.dispose()
    directory_counts = read_directory_counts(directory_url, QUARTER)
    assert directory_counts.unmet == {"Harbourside": {TOPIC: 2, OTHER: 2}, NOT_SAID: {OTHER: 2}}
    assert directory_counts.useful == {"yes": 2}
    assert {TOPIC, OTHER} <= {code for code, _ in directory_counts.topics}
    assert [code for code, _ in directory_counts.useful_answers] == ["yes", "in between", "no"]
    strand = "strengthening_communities"
    assert directory_counts.listing_counts == (
        ListingCount("Harbourside", strand, 1),
        ListingCount(NO_ONE_PLACE, strand, 2),
        ListingCount("Old Town", strand, 1),
    )


def test_no_area_from_a_feed_is_a_formula_in_a_spreadsheet(directory_url: str) -> None:
    engine = open_directory(directory_url)
    notebook = Notebook(engine, today=lambda: QUARTER.start)
    link = '=HYPERLINK("https://a.example")'
    for area in (link, "@ Old Town", "＠ Old Town", "Old Town", "－ +"):
        notebook.add_unmet_need(TOPIC, area)
    strand = "strengthening_communities"
    point = Point(53.9, 1.3)
    for number, area in enumerate(("+Old Town", "Old Town", "=", "Harbour-side")):
        place = (Place(neighbourhood=area, point=point),)
        fill(
            engine,
            f"town {number}",
            [Listing(str(number), "A choir", "group", "Singing.", strands=(strand,), places=place)],
        )
    engine.dispose()
    directory_counts = read_directory_counts(directory_url, QUARTER)
    assert {area: topics[TOPIC] for area, topics in directory_counts.unmet.items()} == {
        'HYPERLINK("https://a.example")': 1,
        "Old Town": 3,
        NOT_SAID: 1,
    }
    assert directory_counts.listing_counts == (
        ListingCount("Harbour-side", strand, 1),
        ListingCount(NO_ONE_PLACE, strand, 1),
        ListingCount("Old Town", strand, 2),
    )
