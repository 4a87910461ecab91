"""The first paragraphs of the report: the main results in plain English.

Each number is cited from a table of the release. A difference or change is only mentioned if
`rates.compare` finds it clear.
"""

from collections.abc import Iterable, Iterator, Sequence

from markupsafe import Markup

from checkins.disclosure import Mark
from checkins.figures import Figures
from checkins.outputs.asset_map import AreaOverview, list_strands
from checkins.outputs.citations import Citations, join_items, mark_up_name
from checkins.outputs.headlines import ALL_GROUPS, LEADING, HeadlineRow
from checkins.outputs.period_labels import describe_period
from checkins.outputs.rates import compare
from checkins.outputs.release_tables import Table, Value
from checkins.outputs.table_schemas import HEADLINES, NATIONAL, UNMET_NEEDS, USEFULNESS

_MAX_TOPICS = 3


class Summary:
    """Writes the sentences of one release."""

    def __init__(
        self,
        figures: Figures,
        rows: Sequence[HeadlineRow],
        tables: Sequence[Table],
        areas: Sequence[AreaOverview],
    ) -> None:
        self._figures = figures
        self._rows = [row for row in rows if row.dimension == "area"]
        self._tables = {table.schema.name: table for table in tables}
        self._areas = areas
        self._citations = Citations(tables)

    def write(self) -> list[Markup]:
        """The paragraphs: the headlines, then searches and usefulness, then what is not shown."""
        now = [row for row in self._rows if row.period == self._figures.period]
        paragraphs = []
        for total in (row for row in now if row.is_total and row.headline.code in LEADING):
            parts = [row for row in now if row.headline == total.headline and not row.is_total]
            sentences = [
                self._describe_headline(total),
                *self._describe_areas(total, parts),
                *self._describe_change(total),
            ]
            paragraphs.append(_join(sentences))
        directory_results = [
            _join(self._describe_needs()),
            _join(self._describe_gaps()),
            _join(self._describe_usefulness()),
        ]
        return [*paragraphs, *filter(None, directory_results), _join(self._describe_unshown())]

    def _describe_headline(self, row: HeadlineRow) -> Markup:
        words = row.headline.words
        if row.rate.percent is None:
            return Markup("The share of people who {} cannot be shown.").format(words)
        text = Markup("Of those who answered, {}{} {}. The likely range is {} to {}.").format(
            "about " if row.rate.is_partial else "",
            self._percent(row),
            words,
            self._percent(row, "low"),
            self._percent(row, "high"),
        )
        for national in row.headline.national[:1]:
            key = (words, national.year)
            text += Markup(" In England it was {} in {}.").format(
                self._citations.cite(NATIONAL, key, "figure", national.figure),
                self._citations.cite(NATIONAL, key, "year", national.year),
            )
        return text

    def _describe_areas(self, total: HeadlineRow, parts: Sequence[HeadlineRow]) -> Iterator[Markup]:
        shown = [row for row in parts if row.rate.percent is not None]
        if len(shown) < 2:
            return
        has_clear_difference = False
        for change in ("lower", "higher"):
            different = [row for row in shown if compare(row.rate, total.rate) == change]
            if different:
                has_clear_difference = True
                yield Markup("{} is clearly {} in {} than in all areas together.").format(
                    total.headline.name,
                    change,
                    join_items(
                        [
                            Markup("{} ({})").format(mark_up_name(row.group), self._percent(row))
                            for row in sorted(different, key=lambda row: row.rate.percent or 0)
                        ]
                    ),
                )
        if not has_clear_difference:
            yield Markup("No area is clearly different from all areas together.")

    def _describe_change(self, total: HeadlineRow) -> Iterator[Markup]:
        before = [
            row
            for row in self._rows
            if row.is_total and row.headline == total.headline and row.period != total.period
        ]
        if not before or total.rate.percent is None or before[-1].rate.percent is None:
            return
        last = before[-1]
        period = self._citations.cite(HEADLINES, _key(last), "period", describe_period(last.period))
        change = compare(total.rate, last.rate)
        yield Markup("{} {} since {}: {} then, {} now.").format(
            total.headline.name,
            "shows no clear change" if change == "unclear" else f"is clearly {change}",
            period,
            self._percent(last),
            self._percent(total),
        )

    def _describe_needs(self) -> Iterator[Markup]:
        everywhere = [
            record
            for record in self._tables["unmet_needs"].records()
            if record["sum_of"] == "groups" and record["count"]
        ]
        largest = sorted(everywhere, key=lambda record: -_number(record["count"]))[:_MAX_TOPICS]
        if largest:
            parts = [
                Markup("{} ({})").format(
                    mark_up_name(str(record["topic_text"])),
                    self._citations.cite(
                        UNMET_NEEDS,
                        tuple(record[column] for column in UNMET_NEEDS.key),
                        "count",
                        f"{_number(record['count']):,}",
                    ),
                )
                for record in largest
            ]
            yield Markup("Searches that found nothing good were most often for {}.").format(
                join_items(parts)
            )

    def _describe_gaps(self) -> Iterator[Markup]:
        strands = list(list_strands(self._figures).values())
        gaps = [
            Markup("“{}” in {}").format(strand, join_items(missing))
            for index, strand in enumerate(strands)
            if (
                missing := [
                    mark_up_name(area.area)
                    for area in self._areas
                    if self._has_no_listings(area, index)
                ]
            )
        ]
        if gaps:
            yield Markup("The directory lists nothing under {}.").format(Markup("; ").join(gaps))

    def _has_no_listings(self, area: AreaOverview, strand_index: int) -> bool:
        is_listed = area.area in self._figures.areas
        return is_listed and area.listings is not None and area.listings[strand_index] == 0

    def _describe_usefulness(self) -> Iterator[Markup]:
        for record in self._tables["usefulness"].records():
            if record["answer"] == "yes" and record["percent"] is not None:
                key = tuple(record[column] for column in USEFULNESS.key)
                percent = f"{record['percent']}%"
                yield Markup("Of those who gave feedback, {}{} found the chat useful.").format(
                    "about " if record["base_mark"] == Mark.PARTIAL else "",
                    self._citations.cite(USEFULNESS, key, "percent", percent),
                )

    def _describe_unshown(self) -> Iterator[Markup]:
        yield Markup("Small counts are not shown, to protect the people who answered.")
        if self._figures.areas_left_out:
            yield Markup(
                "Areas left out because too few people, or none, answered there: {}."
            ).format(
                join_items([mark_up_name(area) for area in self._figures.areas_left_out], limit=12)
            )

    def _percent(self, row: HeadlineRow, column: str = "percent") -> Markup:
        return self._citations.cite(HEADLINES, _key(row), column, f"{getattr(row.rate, column)}%")


def _join(sentences: Iterable[Markup]) -> Markup:
    return Markup(" ").join(sentences)


def _key(row: HeadlineRow) -> tuple[Value, ...]:
    sum_of = "groups" if row.is_total else "none"
    group = ALL_GROUPS[row.dimension] if row.is_total else row.group
    return (row.period.name, row.dimension, group, sum_of, row.headline.code)


def _number(value: Value) -> int:
    return value if isinstance(value, int) else 0
