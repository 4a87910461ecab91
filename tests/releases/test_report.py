"""The report: every number is in a table, and the page fetches and runs nothing."""

import csv
import io
import re
from html.parser import HTMLParser

import pytest

from checkins.outputs.headlines import load_headlines
from checkins.outputs.release_files import write_files
from tests.support.release_figures import HOSTILE, TOWNS, make_town, make_year, towns, write


def read_page(town: str) -> str:
    return write(town)["report.html"].decode()


class _Summary(HTMLParser):
    """Collects the summary's names, its cited numbers, and the rest of its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.inside = 0
        self.kind = ""
        self.text = ""
        self.names: list[str] = []
        self.cited: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "section":
            self.inside = int(attributes.get("class") == "summary") or self.inside * 2
        if tag == "bdi":
            self.kind = "name"
        if tag == "data":
            self.kind = "data"
            self.cited.append((attributes["value"] or "", attributes["data-cell"] or "", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "section":
            self.inside = 0
        if tag in ("bdi", "data"):
            self.kind = ""

    def handle_data(self, data: str) -> None:
        if not self.inside:
            return
        if self.kind == "name":
            self.names.append(data)
        elif self.kind == "data":
            value, cell, words = self.cited[-1]
            self.cited[-1] = (value, cell, words + data)
        else:
            self.text += data


def read_summary(page: str) -> _Summary:
    summary = _Summary()
    summary.feed(page)
    return summary


@towns
def test_every_number_of_the_summary_is_in_the_tables(town: str) -> None:
    files = write(town)
    summary = read_summary(files["report.html"].decode())
    assert not re.search(r"\d", summary.text), summary.text
    for value, address, words in summary.cited:
        match = re.fullmatch(r"(\w+\.csv)#cell=(\d+),(\d+)", address)
        assert match, address
        table = list(csv.reader(io.StringIO(files[match[1]].decode(), newline="")))
        column = int(match[3]) - 1
        assert table[int(match[2]) - 1][column] == value
        if table[0][column] in ("percent", "low", "high"):
            assert words == f"{value}%"
        elif table[0][column] == "count":
            assert words.replace(",", "") == value
        elif table[0][column] != "period":
            assert words == value
    everything = b"".join(files[name] for name in files if name.endswith(("csv", "json")))
    quoted = everything.decode().replace('""', '"')
    for name in summary.names:
        assert name in quoted or name.replace('"', '\\"') in quoted


def test_the_summary_states_the_main_results() -> None:
    summary = read_summary(read_page("year"))
    assert len(summary.cited) > 15
    for text in (
        "feel that they belong very or fairly strongly to their neighbourhood",
        "feel lonely often or always",
        "In England it was",
        "since",
        "Searches that found nothing good were most often for",
        "The directory lists nothing under",
        "found the chat useful",
        "not a sample",
    ):
        assert text in summary.text
    assert "Quiet End" in summary.names


def test_only_a_clear_difference_is_mentioned() -> None:
    alike = {"Harbour": 500, "Old Town": 500, "Mill Lane": 500}
    for quarter, drift, change in (("2026-Q3", 0.6, "higher"), ("2026-Q3", 0.0, "no clear change")):
        current = make_town("2026-Q4", areas=alike, codes=("belonging",), drift=drift)
        before = make_town(quarter, areas=alike, codes=("belonging",), drift=0.0)
        page = write_files(current, [before])["report.html"].decode()
        sentence = re.search(r"Belonging (shows no clear change|is clearly \w+) since", page)
        assert sentence
        assert change in sentence[1]
    page = write_files(current, [])["report.html"].decode()
    assert re.search(r"Belonging is clearly higher in <bdi class=\"name\">Harbour</bdi>", page)


@towns
def test_the_page_is_self_contained_and_runs_nothing(town: str) -> None:
    page = read_page(town)
    tags = set(re.findall(r"<([a-z]+)", page))
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "form", "use", "image"}
    assert not re.search(r"\s(on\w+|src|srcset|style|xlink:href)=", page)
    assert not re.search(r"https?://|url\(|@import|javascript:", page)
    assert set(re.findall(r'href="([^"]+)"', page)) == {
        f"#{place}" for place in re.findall(r'href="#([^"]+)"', page)
    }
    assert "default-src 'none'" in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"|aria-labelledby="([^"]+)"', page)) <= {
        pair for name in ids for pair in ((name, ""), ("", name))
    }


def test_names_are_escaped() -> None:
    page = read_page("hostile")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;em&gt;Never" in page
    for area in HOSTILE:
        if area.isascii() and area.isalpha():
            assert area in page


@pytest.mark.parametrize(("town", "is_fictional"), [("year", True), ("hostile", False)])
def test_only_a_demonstration_is_marked_fictional(town: str, is_fictional: bool) -> None:
    page = read_page(town)
    assert ("Every answer in it is made up" in page) is is_fictional
    assert ("<title>Fictional: " in page) is is_fictional
    assert page.index("made up" if is_fictional else "<h1") < page.index("<main")


def test_the_kinds_of_hidden_counts_look_different() -> None:
    page = read_page("year")
    cells = set(re.findall(r'<td class="number">([^<]+)</td>', page))
    assert {"1 to 7", "withheld", "not asked", "0"} <= cells
    assert any(cell.endswith("+") for cell in cells)
    assert "1 to 7 people" in page
    assert "somewhere in this range" in page


def test_each_drawing_has_its_figures_as_text() -> None:
    page = read_page("year")
    drawings = re.findall(r"<svg height[^>]*>", page)
    assert len(drawings) > 50
    for drawing in drawings:
        assert 'aria-hidden="true"' in drawing or 'role="img" aria-label="' in drawing
    labels = re.findall(r'aria-label="(Belonging, [^"]+)"', page)
    assert all("October to December 2026" in label for label in labels)
    assert any("%" in label for label in labels)


def test_charts_over_time_need_a_history() -> None:
    assert 'id="time"' in read_page("year")
    assert 'id="time"' not in write_files(TOWNS["year"](), [])["report.html"].decode()
    by_period = re.findall(r'<th scope="col">(\w+ to \w+ 2026)</th>', read_page("year"))
    assert by_period[:4] == [
        "January to March 2026",
        "April to June 2026",
        "July to September 2026",
        "October to December 2026",
    ]


def test_published_figures_are_quoted_with_year_and_source() -> None:
    page = read_page("year")
    for figure, year, source in (
        ("62%", "2024/25", "Community Life Survey"),
        ("2 in 3", "2016-17", "Public Health England"),
        ("6.6%", "2024/25", "Community Life Survey"),
        ("9%", "2024/25", "Community Life Survey"),
        ("£2.89", "2018", "LSE"),
        ("£17,300", "2018", "LSE"),
    ):
        cells = (
            f'<td>{re.escape(figure)}</td><td><span class="whole">{year}</span></td>'
            + r'<td class="long">[^<]*'
        )
        assert re.search(cells + source, page)
    assert "no claim about this place" in page


def test_the_answers_of_a_headline_belong_to_its_question() -> None:
    town = make_year()[-1]
    for headline in load_headlines().headlines:
        codes = [code for code, _ in town.get_measure(headline.measure).answers]
        assert set(headline.answers) < set(codes)


def test_each_area_has_its_needs_and_supply() -> None:
    page = read_page("year")
    part = page[page.index('id="need"') : page.index('id="useful"')]
    for area in TOWNS["year"]().areas:
        assert f"<h3><bdi>{area}</bdi></h3>" in part
    assert part.count("Looked for and not found") == part.count("Listed in the directory")
    assert '<span class="none">none</span>' in part
    assert "No figures for this area" in part  # The Moor has listings and no searches


def test_midpoints_are_never_labelled_as_suppressed() -> None:
    page = read_page("midpoint")
    assert "as the middle of the step" in page
    assert "1 to 7 people" not in page
