"""The files of a release are written, read back, and valid for other programs."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from frictionless import Package
from hypothesis import given, settings
from hypothesis import strategies as st

from checkins.disclosure import Cell, Mark, Policy, protect_block, total, withhold
from checkins.errors import ReleaseError
from checkins.figures import (
    EVERYWHERE,
    UNMET_NEED,
    USEFULNESS,
    Block,
    Figures,
    ListingCount,
    Measure,
)
from checkins.outputs.figures_reader import read_figures
from checkins.outputs.release_files import write_files
from checkins.periods import parse_period
from tests.support.release_figures import TOWNS, make_town, make_year, towns, write


def read_lines(files: Mapping[str, bytes], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[name].decode(), newline="")))


@towns
def test_a_release_is_read_back_as_it_was(town: str) -> None:
    assert read_figures(write(town)) == TOWNS[town]()


@towns
def test_the_same_figures_give_the_same_bytes(town: str) -> None:
    assert write_files(TOWNS[town](), make_year()[:-1]) == write(town)


words = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), min_size=1, max_size=12
)
codes = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda code: code not in (UNMET_NEED, USEFULNESS)
)


@st.composite
def draw_figures(draw: st.DrawFn) -> Figures:
    policy = draw(st.sampled_from(Policy))
    counts = st.integers(0, 9) | st.integers(0, 10**6)

    def draw_measure(code: str) -> Measure:
        answers = draw(st.lists(codes, min_size=1, max_size=4, unique=True))
        return Measure(code, draw(words), tuple((answer, draw(words)) for answer in answers))

    def draw_block(dimension: str, group: str, measure: Measure) -> Block:
        raw = draw(st.lists(counts, min_size=len(measure.answers), max_size=len(measure.answers)))
        cells = protect_block(raw, policy, was_asked=draw(st.booleans()))
        if draw(st.booleans()):
            cells = withhold(cells)
        return Block(dimension, group, measure.code, cells)  # type: ignore[arg-type]

    measures = [draw_measure(code) for code in draw(st.lists(codes, max_size=3, unique=True))]
    areas = draw(st.lists(words, max_size=3, unique=True))
    ages = draw(st.lists(words, max_size=2, unique=True))
    blocks = [
        draw_block(dimension, group, measure)
        for dimension, groups in (("area", areas), ("age_band", ages))
        for group in groups
        for measure in measures
        if draw(st.booleans())
    ]
    needs, useful = draw_measure(UNMET_NEED), draw_measure(USEFULNESS)
    places = draw(st.lists(st.tuples(words, words), max_size=3, unique=True))
    return Figures(
        period=parse_period(draw(st.sampled_from(("2026", "2026-Q4", "2026-11")))),
        policy=policy,
        question_sets=tuple(draw(st.lists(words, max_size=2))),
        measures=(*measures, needs, useful),
        areas=tuple(areas),
        areas_left_out=tuple(area for area in areas if draw(st.booleans())),
        age_bands=tuple(ages),
        age_bands_left_out=(),
        blocks=tuple(draw(st.permutations(blocks))),
        needs=tuple(draw_block("area", area, needs) for area in areas if draw(st.booleans())),
        usefulness=draw_block("area", EVERYWHERE, useful) if draw(st.booleans()) else None,
        listing_counts=tuple(ListingCount(*place, draw(st.integers(0, 10**6))) for place in places),
        fictional=draw(st.booleans()),
        has_bursts=draw(st.booleans()),
    )


@settings(deadline=None, max_examples=60)
@given(draw_figures())
def test_any_figures_are_read_back_as_they_were(figures: Figures) -> None:
    assert read_figures(write_files(figures, [])) == figures


@pytest.mark.parametrize("start", list("=+-@＝＋－＠\t\r\n'"))
def test_no_text_in_a_table_is_a_formula_and_all_are_read_back(start: str) -> None:
    figures = make_town()
    text = f"{start}=1+1"
    measures = tuple(
        replace(measure, text=text, answers=tuple((code, text) for code, _ in measure.answers))
        for measure in figures.measures
    )
    counts = (ListingCount(text, "strand", 3),)
    figures = replace(figures, measures=measures, listing_counts=counts)
    files = write_files(figures, [])
    for name in ("checkins", "listings"):
        table = read_lines(files, name + ".csv")
        assert table
        cells = {cell for line in table for cell in line.values()}
        assert f"'{text}" in cells
        assert not any(cell.startswith(tuple("=+-@＝＋－＠\t\r\n")) for cell in cells)
    assert read_figures(files) == figures


@towns
def test_frictionless_finds_the_package_and_every_table_valid(town: str, tmp_path: Path) -> None:
    files = write(town)
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    report = Package(tmp_path / "datapackage.json").validate()
    assert report.valid, report.flatten(["name", "type", "note"])
    assert len(report.tasks) == 12


def test_frictionless_finds_values_that_break_the_code_book(tmp_path: Path) -> None:
    files = write("bare")
    bad = files["checkins.csv"].replace(b",rounded,", b",exact,", 1)
    for name, content in {**files, "checkins.csv": bad}.items():
        (tmp_path / name).write_bytes(content)
    errors = Package(tmp_path / "datapackage.json").validate().flatten(["type"])
    assert {"constraint-error", "hash-count"} <= {kind for (kind,) in errors}


@towns
def test_parquet_holds_the_values_of_csv_with_types(town: str) -> None:
    files = write(town)
    for name in (name for name in files if name.endswith(".parquet")):
        table = pq.read_table(io.BytesIO(files[name]))
        as_text = [
            {key: "" if value is None else str(value) for key, value in row.items()}
            for row in table.to_pylist()
        ]
        written = read_lines(files, name.replace(".parquet", ".csv"))
        if name == "national.parquet":
            for row in (*as_text, *written):
                row["percent"] = str(float(row["percent"] or -1))
        for row in as_text:
            # The CSV alone has an apostrophe before the area that begins like a formula.
            row.update({key: "'=1+1" for key, value in row.items() if value == "=1+1"})
        assert as_text == written
        if "count" in table.column_names:
            assert str(table.schema.field("count").type) == "int32"


@towns
def test_totals_are_sums_of_their_lines_and_an_empty_count_is_never_zero(town: str) -> None:
    for name in ("checkins.csv", "unmet_needs.csv", "usefulness.csv"):
        table = read_lines(write(town), name)
        group, answer = ("area", "topic") if name == "unmet_needs.csv" else ("group", "answer")
        parts = [line for line in table if line["sum_of"] == "none"]
        for line in table:
            assert (line["count"] == "0") == (line["mark"] == "zero")
            if line["count"] == "":
                assert line["mark"] in ("suppressed", "withheld", "not_asked")
                assert not line.get("percent")
            if line["sum_of"] == "none":
                continue
            summed_cells = [
                Cell(int(part["count"]) if part["count"] else None, Mark(part["mark"]))
                for part in parts
                if all(part.get(key) == line.get(key) for key in ("dimension", "question"))
                if line["sum_of"] != "answers" or part[group] == line[group]
                if line["sum_of"] != "groups" or part[answer] == line[answer]
            ]
            summed = total(summed_cells)
            assert (line["count"], line["mark"]) == (
                "" if summed.count is None else str(summed.count),
                summed.mark,
            )


def test_the_tables_of_a_typical_town_have_every_mark() -> None:
    marks = {line["mark"] for line in read_lines(write("year"), "checkins.csv")}
    assert marks == {"rounded", "zero", "suppressed", "withheld", "not_asked", "partial"}
    midpoint_marks = {line["mark"] for line in read_lines(write("midpoint"), "checkins.csv")}
    assert midpoint_marks >= {"midpoint"}
    assert not midpoint_marks & {"rounded", "suppressed"}


def test_the_code_book_has_the_wording_the_rules_and_the_hidden_counts() -> None:
    code_book = json.loads(write("year")["datapackage.json"])["release"]
    assert code_book["policy"] == {
        "name": "round-5",
        "version": 1,
        "group_minimum": 10,
        "answers_minimum": 10,
        "suppressed_up_to": 7,
        "rounded_to": 5,
    }
    assert code_book["period"]["first_day"] == "2026-09-28"
    assert code_book["areas_left_out"] == ["Quiet End"]
    assert code_book["question_sets"] == ["full-1", "market-1"]
    assert code_book["measures"][0]["text"].startswith("How strongly do you feel you belong")
    table = read_lines(write("year"), "checkins.csv")
    suppressed = sum((line["dimension"], line["mark"]) == ("area", "suppressed") for line in table)
    assert code_book["not_shown"]["checkins_by_area"]["cells_suppressed"] == suppressed > 0


def test_the_readme_states_the_essentials() -> None:
    readme = " ".join(write("year")["README.txt"].decode().split())
    for text in (
        "EVERY ANSWER IN IT IS MADE UP",
        "from 28 September 2026 to 3 January 2027",
        "Areas left out: Quiet End.",
        "An empty count is never a zero.",
        "Counts from 1 to 7 are not shown.",
        "How strongly do you feel you belong to your immediate neighbourhood?",
        "Every week / Now & then",
    ):
        assert text in readme
    assert "MADE UP" not in write("hostile")["README.txt"].decode()
    midpoint_readme = write("midpoint")["README.txt"].decode()
    assert "- suppressed" not in midpoint_readme
    assert "1 to 7" not in midpoint_readme.split("THE RULES")[1].split("Percentages")[0]


def test_history_shows_only_comparable_periods() -> None:
    *earlier, current = make_year()
    month, year = make_town("2026-08"), make_town("2025")
    other_policy = make_town("2025-Q4", policy=Policy.MIDPOINT_6)
    next_quarter, real = make_town("2027-Q1"), make_town("2025-Q3", fictional=False)
    files = write_files(
        current, [next_quarter, *reversed(earlier), month, year, other_policy, real]
    )
    periods = list(dict.fromkeys(line["period"] for line in read_lines(files, "headlines.csv")))
    assert periods == ["2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"]
    second_quarter = [
        line for line in read_lines(files, "headlines.csv") if line["period"] == "2026-Q2"
    ]
    alone = read_lines(write_files(earlier[1], []), "headlines.csv")
    assert second_quarter == alone


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda files: files.pop("datapackage.json"), "datapackage.json is missing"),
        (lambda files: files.update({"datapackage.json": b"{}"}), "cannot be read"),
        (lambda files: files.update({"datapackage.json": b"\xff["}), "cannot be read"),
        (lambda files: files.pop("listings.csv"), "listings.csv is missing"),
        (
            lambda files: files.update({"checkins.csv": files["checkins.csv"] + b"x\n"}),
            "checkins.csv was changed",
        ),
    ],
)
def test_an_invalid_release_is_refused_with_one_line(spoil, reason: str) -> None:
    files = write("bare")
    spoil(files)
    with pytest.raises(ReleaseError, match=reason) as refused:
        read_figures(files)
    assert "\n" not in str(refused.value)


def test_a_release_with_another_format_or_a_broken_code_book_is_refused() -> None:
    files = write("bare")
    package = json.loads(files["datapackage.json"])
    for change, reason in (
        ({"format": 2}, "another format"),
        ({"policy": {"name": "none"}}, "do not match"),
        ({"period": {"name": "soon"}}, "is not a period"),
        ({"measures": []}, "do not match"),
    ):
        spoilt = {**package, "release": {**package["release"], **change}}
        with pytest.raises(ReleaseError, match=reason):
            read_figures({**files, "datapackage.json": json.dumps(spoilt).encode()})


def test_an_operators_measure_with_other_answers_makes_no_headline() -> None:
    town = TOWNS["bare"]()
    own_measure = Measure("belonging", "Do you belong?", (("y", "Yes"), ("n", "No")))
    block = Block("area", "Harbour", "belonging", protect_block([12, 15]))
    files = write_files(replace(town, measures=(own_measure,), blocks=(block,)), [])
    assert read_lines(files, "headlines.csv") == []


def test_the_quoted_figures_name_their_sources_as_published() -> None:
    sources = {line["source"] for line in read_lines(write("year"), "national.csv")}
    assert sources == {
        "Community Life Survey",
        "Public Health England, Health matters, 2018",
        "LSE; Cabinet Office and DWP, as quoted in Public Health England, Health matters, 2018",
    }
