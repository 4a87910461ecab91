"""`report.html`: the release as one page that needs nothing else.

Owns what stands on the page; the words of the summary are `summary.py`'s and the drawing is the
templates'. Must never hold a script, or fetch anything from anywhere.
"""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from checkins.outputs.asset_map import read_places, strand_names
from checkins.outputs.charts import Scale, courses, distributions, plots
from checkins.outputs.code_book import count_marks
from checkins.outputs.columns import SUMS
from checkins.outputs.headlines import LEADING, HeadlineRow, load_headlines
from checkins.outputs.period_labels import describe_days, describe_period
from checkins.outputs.rules import (
    FICTIONAL,
    OVERLAP,
    RANGES,
    WHO,
    describe_policy,
    describe_rates,
    marks_of,
)
from checkins.outputs.summary import Summary
from checkins.outputs.tables import Table
from checkins.outputs.wording import tell_cell, tell_count, tell_percent, tell_range, tell_share
from checkins.release.figures import Figures

_pages = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_pages.globals |= {
    "tell_cell": tell_cell,
    "tell_count": tell_count,
    "tell_percent": tell_percent,
    "tell_range": tell_range,
    "tell_share": tell_share,
    "describe_period": describe_period,
}


def write_report(figures: Figures, rows: Sequence[HeadlineRow], tables: Sequence[Table]) -> str:
    """The whole page."""
    by_name = {table.sheet.name: table for table in tables}
    places = read_places(figures)
    by_area = plots(figures, rows, "area")
    over_time = [courses(rows, code) for code in by_area]
    return _pages.get_template("report.html").render(
        figures=figures,
        period=describe_period(figures.period),
        days=describe_days(figures.period),
        fictional=FICTIONAL,
        who=WHO,
        summary=Summary(figures, rows, tables, places).write(),
        leading=[by_area[code] for code in LEADING if code in by_area],
        by_area=by_area,
        by_age=plots(figures, rows, "age_band"),
        over_time=[group for group in over_time if group],
        questions=list(distributions(by_name["checkins"], "area")),
        usefulness=list(distributions(by_name["usefulness"], "area")),
        places=places,
        strands=strand_names(figures),
        most_needed=max(
            (topic.cell.count or 0 for one in places for topic in one.counted), default=1
        ),
        most_listed=max((n for one in places for n in one.listings or ()), default=1) or 1,
        full=Scale(100),
        book=load_headlines(),
        tables=tables,
        rules=(*describe_policy(figures.policy), OVERLAP, describe_rates(figures.policy), RANGES),
        marks=marks_of(figures.policy),
        sums=SUMS,
        unshown={
            "by area": count_marks(figures.blocks_of("area")),
            "by age band": count_marks(figures.blocks_of("age_band")),
            "unmet needs": count_marks(figures.needs),
        },
    )
