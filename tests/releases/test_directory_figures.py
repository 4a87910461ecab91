"""What the directory counted of a period, on its way into a release."""

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


def test_counts_of_the_periods_weeks_alone_and_listings_as_they_are(directory_url: str) -> None:
    checkins_engine = open_directory(directory_url)
    for day in (date(2026, 9, 27), QUARTER.start, QUARTER.end, date(2027, 1, 4)):
        notebook = Notebook(checkins_engine, today=lambda day=day: day)  # type: ignore[misc]
        notebook.add_unmet_need(TOPIC, "Harbourside")
        notebook.add_unmet_need("a topic of long ago", "Harbourside")
        notebook.add_unmet_need("", "")
        notebook.add_feedback("yes")
    notebook.add_feedback("no")
    group = Listing("1", "A choir", "group", "Singing.", strands=("strengthening_communities",))
    point = Point(53.9, 1.3)
    here = tuple(Place(neighbourhood=area, point=point) for area in ("Harbourside", "Old Town"))
    fill(
        checkins_engine,
        "town",
        [
            Listing(**{**vars(group), "places": here}),
            Listing(**{**vars(group), "key": "2", "online": True}),
            Listing(**{**vars(group), "key": "3", "status": "closed", "places": here}),
            Listing(**{**vars(group), "key": "4", "confidential": True, "places": here}),
        ],
    )
    checkins_engine.dispose()
    reach = read_directory_counts(directory_url, QUARTER)
    assert reach.unmet == {"Harbourside": {TOPIC: 2, OTHER: 2}, NOT_SAID: {OTHER: 2}}
    assert reach.useful == {"yes": 2}
    assert {TOPIC, OTHER} <= {code for code, _ in reach.topics}
    assert [code for code, _ in reach.useful_answers] == ["yes", "in between", "no"]
    strand = "strengthening_communities"
    assert reach.listing_counts == (
        ListingCount("Harbourside", strand, 1),
        ListingCount(NO_ONE_PLACE, strand, 2),
        ListingCount("Old Town", strand, 1),
    )


def test_no_area_of_a_feed_is_a_formula_in_a_spreadsheet(directory_url: str) -> None:
    checkins_engine = open_directory(directory_url)
    notebook = Notebook(checkins_engine, today=lambda: QUARTER.start)
    for area in ('=HYPERLINK("https://a.example")', "@ Old Town", "Old Town", "- +"):
        notebook.add_unmet_need(TOPIC, area)
    strand = "strengthening_communities"
    point = Point(53.9, 1.3)
    for number, area in enumerate(("+Old Town", "Old Town", "=", "Harbour-side")):
        place = (Place(neighbourhood=area, point=point),)
        fill(
            checkins_engine,
            f"town {number}",
            [Listing(str(number), "A choir", "group", "Singing.", strands=(strand,), places=place)],
        )
    checkins_engine.dispose()
    reach = read_directory_counts(directory_url, QUARTER)
    assert {area: counts[TOPIC] for area, counts in reach.unmet.items()} == {
        'HYPERLINK("https://a.example")': 1,
        "Old Town": 2,
        NOT_SAID: 1,
    }
    assert reach.listing_counts == (
        ListingCount("Harbour-side", strand, 1),
        ListingCount(NO_ONE_PLACE, strand, 1),
        ListingCount("Old Town", strand, 2),
    )
