"""The report's first words: what the figures say, in plain English.

Owns the sentences. Each number in them is cited from a table of the release, and nothing is said
to differ or to change unless `rates.compare` finds it clear.
"""

from collections.abc import Iterable, Iterator, Sequence

from markupsafe import Markup

from checkins.disclosure import Mark
from checkins.figures import Figures
from checkins.outputs.asset_map import Place, list_strands
from checkins.outputs.citations import Citations, listed, name
from checkins.outputs.headlines import ALL_GROUPS, LEADING, HeadlineRow
from checkins.outputs.period_labels import describe_period
from checkins.outputs.rates import compare
from checkins.outputs.release_tables import Table, Value
from checkins.outputs.table_schemas import HEADLINES, NATIONAL, UNMET_NEEDS, USEFULNESS

_MOST_TOPICS = 3


class Summary:
    """Writes the sentences of one release."""

    def __init__(
        self,
        figures: Figures,
        rows: Sequence[HeadlineRow],
        tables: Sequence[Table],
        places: Sequence[Place],
    ) -> None:
        self._figures = figures
        self._rows = [row for row in rows if row.dimension == "area"]
        self._tables = {table.sheet.name: table for table in tables}
        self._places = places
        self._citing = Citations(tables)

    def write(self) -> list[Markup]:
        """The paragraphs: one for each headline, then reach, then what is not shown."""
        now = [row for row in self._rows if row.period == self._figures.period]
        paragraphs = []
        for total in (row for row in now if row.is_total and row.headline.code in LEADING):
            parts = [row for row in now if row.headline == total.headline and not row.is_total]
            said = [self._tell(total), *self._areas(total, parts), *self._change(total)]
            paragraphs.append(_join(said))
        reach = [_join(self._needs()), _join(self._gaps()), _join(self._usefulness())]
        return [*paragraphs, *filter(None, reach), _join(self._unshown())]

    def _tell(self, row: HeadlineRow) -> Markup:
        words = row.headline.words
        if row.rate.percent is None:
            return Markup("It cannot be shown how many of those who answered {}.").format(words)
        said = Markup("Of those who answered, {}{} {}. The likely range is {} to {}.").format(
            "about " if row.rate.is_partial else "",
            self._percent(row),
            words,
            self._percent(row, "low"),
            self._percent(row, "high"),
        )
        for national in row.headline.national[:1]:
            key = (words, national.year)
            said += Markup(" In England it was {} in {}.").format(
                self._citing.cite(NATIONAL, key, "figure", national.figure),
                self._citing.cite(NATIONAL, key, "year", national.year),
            )
        return said

    def _areas(self, total: HeadlineRow, parts: Sequence[HeadlineRow]) -> Iterator[Markup]:
        shown = [row for row in parts if row.rate.percent is not None]
        if len(shown) < 2:
            return
        clear = False
        for change in ("lower", "higher"):
            those = [row for row in shown if compare(row.rate, total.rate) == change]
            if those:
                clear = True
                yield Markup("{} is clearly {} in {} than in all areas together.").format(
                    total.headline.name,
                    change,
                    listed(
                        [
                            Markup("{} ({})").format(name(row.group), self._percent(row))
                            for row in sorted(those, key=lambda row: row.rate.percent or 0)
                        ]
                    ),
                )
        if not clear:
            yield Markup("No area is clearly different from all areas together.")

    def _change(self, total: HeadlineRow) -> Iterator[Markup]:
        before = [
            row
            for row in self._rows
            if row.is_total and row.headline == total.headline and row.period != total.period
        ]
        if not before or total.rate.percent is None or before[-1].rate.percent is None:
            return
        last = before[-1]
        period = self._citing.cite(HEADLINES, _key(last), "period", describe_period(last.period))
        change = compare(total.rate, last.rate)
        yield Markup("{} {} since {}: {} then, {} now.").format(
            total.headline.name,
            "shows no clear change" if change == "unclear" else f"is clearly {change}",
            period,
            self._percent(last),
            self._percent(total),
        )

    def _needs(self) -> Iterator[Markup]:
        everywhere = [
            record
            for record in self._tables["unmet_needs"].records()
            if record["sum_of"] == "groups" and record["count"]
        ]
        most = sorted(everywhere, key=lambda record: -_number(record["count"]))[:_MOST_TOPICS]
        if most:
            parts = [
                Markup("{} ({})").format(
                    name(str(record["topic_text"])),
                    self._citing.cite(
                        UNMET_NEEDS,
                        tuple(record[column] for column in UNMET_NEEDS.key),
                        "count",
                        f"{_number(record['count']):,}",
                    ),
                )
                for record in most
            ]
            yield Markup("Searches that found nothing good were most often for {}.").format(
                listed(parts)
            )

    def _gaps(self) -> Iterator[Markup]:
        strands = list(list_strands(self._figures).values())
        gaps = [
            Markup("“{}” in {}").format(strand, listed(without))
            for place, strand in enumerate(strands)
            if (without := [name(one.area) for one in self._places if self._lacks(one, place)])
        ]
        if gaps:
            yield Markup("The directory lists nothing under {}.").format(Markup("; ").join(gaps))

    def _lacks(self, one: Place, place: int) -> bool:
        in_release = one.area in self._figures.areas
        return in_release and one.listings is not None and one.listings[place] == 0

    def _usefulness(self) -> Iterator[Markup]:
        for record in self._tables["usefulness"].records():
            if record["answer"] == "yes" and record["percent"] is not None:
                key = tuple(record[column] for column in USEFULNESS.key)
                percent = f"{record['percent']}%"
                yield Markup("Of those who said, {}{} found the chat useful.").format(
                    "about " if record["base_mark"] == Mark.PARTIAL else "",
                    self._citing.cite(USEFULNESS, key, "percent", percent),
                )

    def _unshown(self) -> Iterator[Markup]:
        yield Markup("Small counts are not shown, to protect the people who answered.")
        if self._figures.areas_left_out:
            yield Markup("Areas left out, as too few or none answered there: {}.").format(
                listed([name(area) for area in self._figures.areas_left_out], most=12)
            )

    def _percent(self, row: HeadlineRow, column: str = "percent") -> Markup:
        return self._citing.cite(HEADLINES, _key(row), column, f"{getattr(row.rate, column)}%")


def _join(sentences: Iterable[Markup]) -> Markup:
    return Markup(" ").join(sentences)


def _key(row: HeadlineRow) -> tuple[Value, ...]:
    sums = "groups" if row.is_total else "none"
    group = ALL_GROUPS[row.dimension] if row.is_total else row.group
    return (row.period.name, row.dimension, group, sums, row.headline.code)


def _number(value: Value) -> int:
    return value if isinstance(value, int) else 0
