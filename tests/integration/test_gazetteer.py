"""The gazetteer finds names, postcodes and degrees, from listings and from imported places."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, insert, select

from directory.database import migrate, open_database
from directory.errors import SourceError
from directory.importing.gazetteer_import import import_places
from directory.listing import Place, Point
from directory.models import ListingRow, NamedPlaceRow, PlaceRow, RevisionRow, SourceRow
from directory.places import make_place_key, normalise_postcode
from directory.search.gazetteer import Gazetteer
from tests.support.shared_data import SHARED

PLACES = (
    Place("Hall", neighbourhood="Old Town", postcode="ZY1 1AA", point=Point(53.0, 1.0)),
    Place("Shed", neighbourhood="Old Town", postcode="ZY1 2BB", point=Point(53.2, 1.2)),
    Place("Hut", neighbourhood="Old Town Hill", postcode="zy23cc", point=Point(54.0, 1.0)),
    Place("Barn", neighbourhood="St. Ives (East)", postcode="", point=Point(50.0, -5.0)),
    Place("Iford", neighbourhood="Iford", postcode="ZY10 1AA", point=Point(50.1, -5.0)),
    Place("Nowhere", neighbourhood="Lost Village", postcode="ZY9 9ZZ"),
)

# Twelve cells a line, separated by tabs.
GEONAMES = "\n".join(
    "\t".join(["GB", code, name, "England", "ENG", "", "", "", "", str(north), str(east), "4"])
    for code, name, north, east in [
        ("QX1", "Newport", 51.6, -3.0),
        ("QX2", "Newport", 51.62, -3.02),
        ("QY1", "Newport", 52.3, -1.1),
        ("QZ1", "Hope", 53.3, -1.7),
        ("QZ2", "Wash", 52.9, 0.2),
        ("QZ3", "Eye", 52.3, 1.1),
        ("QZ4", "Bath", 51.4, -2.4),
        ("QZ5", "March", 52.5, 0.1),
        ("QZ6", "Bishop's Stortford", 51.9, 0.2),
        ("QZ6", "Stoke-on-Trent", 53.0, -2.2),
        ("QZ7", "Leafield", 53.2, 1.1),
    ]
)


def write_places(places_engine: Engine, places: tuple[Place, ...]) -> None:
    """Write the places as one listing's, and raise the directory's revision by one."""
    with places_engine.begin() as connection:
        number = (connection.scalar(select(func.max(RevisionRow.number))) or 0) + 1
        source = connection.scalar(
            insert(SourceRow).values(name=f"s{number}", notice="").returning(SourceRow.id)
        )
        row = {"document": "{}", "digest": "", "modified": datetime(2026, 1, 1), "revision": number}
        listing = connection.scalar(
            insert(ListingRow).values(source_id=source, key="k", **row).returning(ListingRow.id)
        )
        for place in places:
            if place.point:
                connection.execute(
                    insert(PlaceRow).values(
                        listing_id=listing,
                        neighbourhood=place.neighbourhood,
                        postcode=normalise_postcode(place.postcode),
                        **asdict(place.point),
                    )
                )
        connection.execute(RevisionRow.__table__.delete())
        connection.execute(insert(RevisionRow).values(id=1, number=number))


def open_empty(folder: Path) -> Engine:
    places_engine = open_database(f"sqlite:///{folder / 'directory.db'}")
    migrate(places_engine)
    return places_engine


@pytest.fixture
def empty_engine(tmp_path: Path) -> Iterator[Engine]:
    places_engine = open_empty(tmp_path)
    yield places_engine
    places_engine.dispose()


@pytest.fixture(scope="module")
def places_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    places_engine = open_empty(tmp_path_factory.mktemp("gazetteer"))
    write_places(places_engine, PLACES)
    yield places_engine
    places_engine.dispose()


@pytest.fixture(scope="module")
def gazetteer_with_names(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gazetteer]:
    folder = tmp_path_factory.mktemp("named")
    places_engine = open_empty(folder)
    write_places(places_engine, PLACES)
    (folder / "names").write_text(GEONAMES)
    assert import_places(places_engine, folder / "names") == 21
    yield Gazetteer(places_engine)
    places_engine.dispose()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Old Town", "Old Town"),
        ("old town please", "Old Town"),
        ("somewhere on OLD TOWN HILL", "Old Town Hill"),
        ("st. ives (east)", "St. Ives (East)"),
        ("ZY1 1AA", "ZY1 1AA"),
        ("zy11aa", "ZY1 1AA"),
        ("I am at ZY1", "ZY1"),
        ("ZY1 9XX", "ZY1"),
        ("ZY2 3CC", "ZY2 3CC"),
        ("zy10", "ZY10"),
        ("53.5, 1.25", "you"),
        ("Oldtown", "Old Town"),
        ("Cold Townhouse", None),
        ("Lost Village", None),
        ("ZY9", None),
        ("99, 5", None),
        ("53, 500", None),
        ("45.0, 1.0", None),
        ("İford", None),
        ("", None),
    ],
)
def test_an_area_is_found_by_name_postcode_or_degrees(places_engine, text, name):
    area = Gazetteer(places_engine).find(text)
    assert (area.name if area else None) == name


def test_an_area_is_in_the_middle_of_its_places(places_engine):
    area = Gazetteer(places_engine).find("Old Town")
    assert area is not None
    assert (area.point.latitude, area.point.longitude) == pytest.approx((53.1, 1.1))


def test_the_busiest_neighbourhood_comes_first(places_engine):
    names = Gazetteer(places_engine).list_names()
    assert names == ("Old Town", "Iford", "Old Town Hill", "St. Ives (East)")


def test_a_change_by_another_process_is_found(empty_engine):
    gazetteer = Gazetteer(empty_engine)
    assert (gazetteer.find("Iford"), gazetteer.list_names()) == (None, ())
    write_places(empty_engine, PLACES)
    assert gazetteer.find("Iford") is not None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("I live in Leafield", "Leafield"),
        ("i live in leafield", "Leafield"),
        ("something near leafield on tuesdays", "Leafield"),
        ("I moved to Leafield last year", "Leafield"),
        ("leafield", "Leafield"),
        ("Leafield please!", "Leafield"),
        ("my mum is from bishops stortford", "Bishop's Stortford"),
        ("Bishop’s Stortford", "Bishop's Stortford"),
        ("a choir around stoke on trent", "Stoke-on-Trent"),
        ("qz7", "QZ7"),
        ("QZ7 1AB", "QZ7"),
        # Names that are also words: the sentence must show that it means the place.
        ("Bath", "Bath"),
        ("i live in bath", "Bath"),
        ("anything in Bath for a widower", "Bath"),
        ("Eye", "Eye"),
        ("we stayed in Hope", "Hope"),
        ("Bath time is hard on my own", None),
        ("I need help with bath time", None),
        ("Hope you can help me", None),
        ("i have no hope", None),
        ("I Hope so", None),
        ("help to wash my clothes", None),
        ("problems with my eye", None),
        ("in march", None),
        ("lost my husband in March", None),
        ("HOPE YOU CAN HELP", None),
        ("i like leafield", None),
        ("a walk", None),
        # Listings' own names come first.
        ("from Leafield to old town", "Old Town"),
    ],
)
def test_place_names_are_recognised_in_sentences(gazetteer_with_names, text, name):
    area = gazetteer_with_names.find(text)
    assert (area.name if area else None) == name


def test_the_nearest_of_several_places_with_one_name_is_found(gazetteer_with_names):
    area = gazetteer_with_names.find("Newport")
    assert area is not None
    assert (area.point.latitude, area.point.longitude) == pytest.approx((52.3, -1.1))


def test_a_town_in_several_parts_has_its_point_in_their_middle(empty_engine, tmp_path):
    write_places(
        empty_engine, (Place(neighbourhood="Cwm", postcode="QX9 1AA", point=Point(51.5, -3.0)),)
    )
    (tmp_path / "names").write_text(GEONAMES)
    import_places(empty_engine, tmp_path / "names")
    area = Gazetteer(empty_engine).find("near Newport")
    assert area is not None
    assert (area.point.latitude, area.point.longitude) == pytest.approx((51.61, -3.01))


ONS = """pcd,pcd2,pcds,dointr,doterm,lat,long
"QX1 1AA","QX1  1AA","QX1 1AA","198001","",51.5,-3.0
"QX1 1AB","QX1  1AB","QX1 1AB","198001","199606",51.6,-3.1
"QX1 1AD","QX1  1AD","QX1 1AD","198001","",99.999999,0.000000
"QX101AE","QX10 1AE","QX10 1AE","198001","",51.7,-3.2
"""


def test_the_ons_postcode_directory_is_imported(empty_engine, tmp_path):
    (tmp_path / "ons.csv").write_text(ONS)
    reports: list[tuple[str, int, int | None]] = []
    count = import_places(
        empty_engine, tmp_path / "ons.csv", lambda *report: reports.append(report)
    )
    assert count == 4
    assert reports[-1] == ("Reading places", 4, 4)
    gazetteer = Gazetteer(empty_engine)
    area = gazetteer.find("qx11aa")
    assert area is not None
    assert (area.name, area.point) == ("QX1 1AA", Point(51.5, -3.0))
    # A terminated postcode and an unknown one are placed by their outcode.
    assert {area.name for text in ("QX1 1AB", "QX1 1AD") if (area := gazetteer.find(text))} == {
        "QX1"
    }


def test_a_file_replaces_an_earlier_one_of_its_kind(empty_engine, tmp_path):
    (tmp_path / "ons.csv").write_text(ONS)
    (tmp_path / "names").write_text(GEONAMES)
    for name in ("ons.csv", "names", "ons.csv", "names"):
        import_places(empty_engine, tmp_path / name)
    with empty_engine.connect() as connection:
        names = list(connection.scalars(select(NamedPlaceRow.name)))
    assert len(names) == 2 + 21
    assert {"QX1 1AA", "Newport", "QZ7"} <= set(names)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (GEONAMES[:-20], "cut short in line 11"),
        (ONS[:-14], "cut short in line 5"),
        ("name,kind,description\n", "neither GeoNames"),
        ("", "neither GeoNames"),
        ("pcds,lat,long\n", "holds no place"),
    ],
)
def test_a_file_of_another_format_changes_nothing(empty_engine, tmp_path, text, fault):
    (tmp_path / "good").write_text(GEONAMES)
    import_places(empty_engine, tmp_path / "good")
    (tmp_path / "bad").write_text(text)
    with pytest.raises(SourceError, match=fault):
        import_places(empty_engine, tmp_path / "bad")
    with empty_engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(NamedPlaceRow)) == 21


def test_a_missing_file_is_reported(empty_engine, tmp_path):
    with pytest.raises(SourceError, match="There is no file"):
        import_places(empty_engine, tmp_path / "nowhere")


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.text(st.characters(exclude_categories=("Cs",))),
        st.lists(
            st.sampled_from("İ ı ſ K ß ẞ iford OLD town ZY1 1AA , - 9 53.1 near Hope %_ '".split())
        ).map(" ".join),
    )
)
def test_finding_never_raises(gazetteer_with_names, text):
    gazetteer_with_names.find(text)
    assert make_place_key(make_place_key(text)) == make_place_key(text)


def test_the_whole_country_is_imported(empty_engine):
    path = SHARED / "places" / "GB.txt"
    if not path.is_file():
        pytest.skip(f"the gazetteer is not at {path}; set CONNECTOR_SHARED_DATA")
    write_places(
        empty_engine,
        (Place(neighbourhood="Clifton", postcode="BS8 1AA", point=Point(51.46, -2.61)),),
    )
    assert import_places(empty_engine, path) > 27_000
    gazetteer = Gazetteer(empty_engine)
    found = {
        text: area.name if (area := gazetteer.find(text)) else None
        for text in (
            "BS1",
            "I live near Milton Keynes",
            "weston-super-mare",
            "I feel lonely and hope to meet people over lunch",
            "Clifton",
            "is there a reading group",
        )
    }
    assert found == {
        "BS1": "BS1",
        "I live near Milton Keynes": "Milton Keynes",
        "weston-super-mare": "Weston-Super-Mare",
        "I feel lonely and hope to meet people over lunch": None,
        "Clifton": "Clifton",
        "is there a reading group": None,
    }


@pytest.fixture
def town_gazetteer(empty_engine: Engine) -> Gazetteer:
    names = ("Harbourside", "Old Town", "Eastmoor", "Sandhills", "Station Quarter", "Northgate")
    write_places(
        empty_engine,
        tuple(Place(neighbourhood=name, point=Point(53.0, 1.0)) for name in names),
    )
    return Gazetteer(empty_engine)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("brass band in Harborside", "Harbourside"),
        ("chess in oldtown", "Old Town"),
        ("food in eastmore", "Eastmoor"),
        ("sand hills", "Sandhills"),
        ("anything round north gate", "Northgate"),
        ("stationquarter", "Station Quarter"),
        ("statoin quarter", "Station Quarter"),
    ],
)
def test_a_misspelt_neighbourhood_is_found(town_gazetteer: Gazetteer, text: str, name: str):
    area = town_gazetteer.find(text)
    assert area is not None
    assert area.name == name


@pytest.mark.parametrize(
    "text",
    [
        "I want to learn to knit by the harbour",
        "somewhere to eat more",
        "the oldest town in England",
        "navigate the benefits system",
        "a quarter of an hour from the station",
        "my landline is dead and i feel northerly",
        "handstands",
    ],
)
def test_common_words_are_no_misspelt_place(town_gazetteer: Gazetteer, text: str):
    assert town_gazetteer.find(text) is None
