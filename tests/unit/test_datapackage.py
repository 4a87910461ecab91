"""Tabular data packages, valid and hostile: joined tables, zip bombs, paths outside the folder."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from directory.errors import SourceError
from directory.listing import Listing, Place, Point, Schedule
from directory.rejected import RejectedRow
from directory.sources.detect import read_source
from directory.sources.limits import SOURCE_LIMITS
from tests.support.shared_data import SHARED

TABLES = {
    "services.csv": "id,organization_id,name,description,minimum_age\n"
    's1,o1,Tea,"Tea, and talk.",18\ns2,o1,Choir,Singing.,\n',
    "organizations.csv": "id,name,website\no1,Friends,https://example.org\n",
    "locations.csv": "id,name,latitude,longitude\nl1,Hall,53.5,1.2\n",
    "address.csv": "id,location_id,address_1,city,postal_code\na1,l1,1 High St,Town,zy11aa\n",
    "service_at_location.csv": "id,service_id,location_id\nat1,s1,l1\n",
    "schedule.csv": "id,service_id,freq,byday,opens_at\nx1,s1,WEEKLY,TU,10:00\n",
    "phones.csv": "id,contact_id,number\np1,c1,01632 960001\n",
    "contacts.csv": "id,service_id,name\nc1,s1,Jo\n",
    "attributes.csv": "id,link_id,taxonomy_term_id\nat1,s1,t1\nat2,s1,t2\n",
    "taxonomy_terms.csv": "id,name,term,taxonomy_id\nt1,Tea,tea,x1\nt2,group,group,x2\n",
    "taxonomies.csv": "id,name\nx1,Topics\nx2,Community Connector kind\n",
    "cost_options.csv": "id,service_id,amount\nm1,s1,2.5\n",
    "meta_table_descriptions.csv": "anything\nat all\n",
}


def write_folder(folder: Path, tables: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in tables.items():
        (folder / name).write_text(text)
    return folder


def write_zip(path: Path, tables: dict[str, str], folder: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in tables.items():
            archive.writestr(f"{folder}{name}", text)
    return path


def write_descriptor(**paths: str) -> str:
    return json.dumps({"resources": [{"name": n, "path": path} for n, path in paths.items()]})


def assert_rows_are_read(rows: list[Listing | RejectedRow]) -> None:
    tea, choir = rows
    assert isinstance(tea, Listing)
    assert isinstance(choir, Listing)
    assert (tea.key, tea.name, tea.description) == ("s1", "Tea", "Tea, and talk.")
    assert (tea.organisation, tea.website) == ("Friends", "https://example.org")
    assert tea.places == (Place("Hall", "1 High St", "Town", "ZY1 1AA", Point(53.5, 1.2)),)
    assert [(schedule.days, schedule.repeats) for schedule in tea.schedules] == [
        (("Tuesday",), "weekly")
    ]
    assert (tea.phone, tea.minimum_age, tea.cost_amount) == ("01632 960001", 18, 2.5)
    assert (tea.topics, tea.kind) == (("Tea",), "group")
    assert tea.record["minimum_age"] == 18
    assert (choir.organisation, choir.places, choir.schedules) == ("Friends", (), ())


def test_a_folder_is_read(tmp_path):
    assert_rows_are_read(read_source(str(write_folder(tmp_path / "feed", TABLES))))


def test_only_tables_in_the_descriptor_are_read(tmp_path):
    tables = TABLES | {"services.csv": "id,name\nold,Old\n", "new.csv": TABLES["services.csv"]}
    names = {Path(name).stem: name for name in TABLES} | {"services": "new.csv"}
    folder = write_folder(tmp_path / "feed", tables)
    (folder / "datapackage.json").write_text(write_descriptor(**names, funding="funding.csv"))
    assert_rows_are_read(read_source(str(folder)))
    assert_rows_are_read(read_source(str(folder / "datapackage.json")))


@pytest.mark.parametrize("folder", ["", "feed/", "a/b/"])
def test_a_zip_is_recognised_by_its_content(tmp_path, folder):
    assert_rows_are_read(read_source(str(write_zip(tmp_path / "feed.csv", TABLES, folder))))


@pytest.mark.parametrize(
    ("word", "confidential"), [("false", False), ("no", False), ("0", False), ("true", True)]
)
def test_confidential_is_read_from_words(tmp_path, word, confidential):
    services = f"id,organization_id,name,description,confidential\ns1,o1,Tea,Tea.,{word}\n"
    (row,) = read_source(str(write_folder(tmp_path, TABLES | {"services.csv": services})))
    assert isinstance(row, Listing)
    assert (row.confidential, bool(row.places)) == (confidential, not confidential)


def test_an_invalid_service_rejects_one_row(tmp_path):
    tables = TABLES | {"services.csv": TABLES["services.csv"].replace("Singing.", "")}
    tea, choir = read_source(str(write_zip(tmp_path / "feed.zip", tables)))
    assert isinstance(tea, Listing)
    assert isinstance(choir, RejectedRow)
    assert "it has no description" in choir.reason


@pytest.mark.parametrize(
    "path", ["../secret.csv", "/etc/hostname", "..\\secret.csv", "https://example.org/x.csv", "a/b"]
)
def test_a_descriptor_with_a_path_outside_its_folder_is_rejected(tmp_path, path):
    (tmp_path / "secret.csv").write_text(TABLES["services.csv"])
    tables = TABLES | {"datapackage.json": write_descriptor(services=path)}
    for source in (
        write_folder(tmp_path / "feed", tables),
        write_zip(tmp_path / "feed.zip", tables),
    ):
        with pytest.raises(SourceError, match="not a file in its folder"):
            read_source(str(source))


def test_a_symbolic_link_outside_the_folder_is_rejected(tmp_path):
    folder = write_folder(tmp_path / "feed", TABLES)
    (tmp_path / "secret.csv").write_text(TABLES["services.csv"])
    (folder / "services.csv").unlink()
    (folder / "services.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(SourceError, match="points outside the folder"):
        read_source(str(folder))


def test_a_zip_bomb_is_rejected(tmp_path):
    tables = TABLES | {"contacts.csv": "id,name\n" + "0" * 20_000_000}
    path = write_zip(tmp_path / "feed.zip", tables)
    assert path.stat().st_size < 100_000
    with pytest.raises(SourceError, match="unpacks to more than 100 times its size"):
        read_source(str(path))
    with pytest.raises(SourceError, match="more than 3 megabytes of text"):
        read_source(str(path), limits=replace(SOURCE_LIMITS, max_unpacked_bytes=3_000_000))


def test_a_zip_with_a_false_size_is_rejected(tmp_path):
    path = write_zip(tmp_path / "feed.zip", TABLES)
    content = bytearray(path.read_bytes())
    # The size of the first file, as recorded in the archive's central directory.
    offset = content.index(b"PK\x01\x02") + 24
    content[offset : offset + 4] = (5).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(SourceError, match="broken zip"):
        read_source(str(path))


def test_a_zip_with_too_many_files_is_rejected(tmp_path):
    path = write_zip(tmp_path / "feed.zip", {f"{n}.csv": "" for n in range(600)})
    with pytest.raises(SourceError, match="more than 500 files"):
        read_source(str(path))


@pytest.mark.parametrize("cut", [10, 100, 0.5, -30])
def test_a_truncated_zip_is_rejected(tmp_path, cut):
    content = write_zip(tmp_path / "feed.zip", TABLES).read_bytes()
    (tmp_path / "cut.zip").write_bytes(content[: int(len(content) * cut) if cut == 0.5 else cut])
    with pytest.raises(SourceError, match="broken zip"):
        read_source(str(tmp_path / "cut.zip"))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"services.csv": "id,name\ns1\n"}, "a row of 1 cells under 2 columns"),
        ({"services.csv": "id,name\ns1,Tea, talk\n"}, "a row of 3 cells under 2 columns"),
        ({"services.csv": 'id,name\ns1,"Tea'}, "line 2: .* Is it cut short?"),
        ({"services.csv": "name\nTea\n"}, "no column `id`"),
        ({"services.csv": "id,name\n"}, "holds no listings"),
        ({"datapackage.json": "[]"}, "not a data package descriptor"),
        ({"datapackage.json": write_descriptor(phones="phones.csv")}, "no table of services"),
    ],
)
def test_invalid_tables_are_rejected(tmp_path, changes, fault):
    with pytest.raises(SourceError, match=fault):
        read_source(str(write_zip(tmp_path / "feed.zip", TABLES | changes)))


def test_a_table_that_is_not_utf_8_is_rejected(tmp_path):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("services.csv", "id,name\ns1,Café\n".encode("latin-1"))
    (tmp_path / "feed.zip").write_bytes(archive.getvalue())
    with pytest.raises(SourceError, match=r"services\.csv is not UTF-8"):
        read_source(str(tmp_path / "feed.zip"))


def test_an_empty_folder_is_rejected(tmp_path):
    with pytest.raises(SourceError, match="no table of services"):
        read_source(str(tmp_path))


def test_the_standards_example_is_read_the_same_from_csv_and_json():
    folder = SHARED / "standards" / "oruk-v3" / "examples"
    if not folder.is_dir():
        pytest.skip(f"the standard's examples are not at {folder}; set CONNECTOR_SHARED_DATA")
    [tables] = read_source(str(folder / "csv"))
    [service] = read_source(str(folder / "service_full.json"))
    assert isinstance(tables, Listing)
    assert isinstance(service, Listing)
    for field in "key name description organisation email places schedules cost audience".split():
        assert getattr(tables, field) == getattr(service, field), field
    assert isinstance(tables.schedules[0], Schedule)
