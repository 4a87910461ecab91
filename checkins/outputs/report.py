"""`report.html`: the release as one page that needs nothing else.

Owns what stands on the page; the words of the summary are `summary.py`'s and the drawing is the
templates'. Must never hold a script, or fetch anything from anywhere.
"""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from checkins.figures import Figures
from checkins.outputs.asset_map import list_strands, summarise_areas
from checkins.outputs.cell_labels import (
    format_cell,
    format_count,
    format_percent,
    format_range,
    format_share,
)
from checkins.outputs.charts import Scale, courses, distributions, plots
from checkins.outputs.code_book import count_marks
from checkins.outputs.headlines import LEADING, HeadlineRow, load_headlines
from checkins.outputs.method_text import (
    FICTIONAL,
    OVERLAP,
    RANGES,
    WHO,
    describe_policy,
    describe_rates,
    list_marks,
)
from checkins.outputs.period_labels import describe_days, describe_period
from checkins.outputs.release_tables import Table
from checkins.outputs.report_summary import Summary
from checkins.outputs.table_schemas import SUMS

_pages = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_pages.globals |= {
    "format_cell": format_cell,
    "format_count": format_count,
    "format_percent": format_percent,
    "format_range": format_range,
    "format_share": format_share,
    "describe_period": describe_period,
}


def write_report(figures: Figures, rows: Sequence[HeadlineRow], tables: Sequence[Table]) -> str:
    """The whole page."""
    by_name = {table.sheet.name: table for table in tables}
    places = summarise_areas(figures)
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
        strands=list_strands(figures),
        most_needed=max(
            (topic.cell.count or 0 for one in places for topic in one.counted), default=1
        ),
        most_listed=max((n for one in places for n in one.listings or ()), default=1) or 1,
        full=Scale(100),
        book=load_headlines(),
        tables=tables,
        rules=(*describe_policy(figures.policy), OVERLAP, describe_rates(figures.policy), RANGES),
        marks=list_marks(figures.policy),
        sums=SUMS,
        unshown={
            "by area": count_marks(figures.list_blocks("area")),
            "by age band": count_marks(figures.list_blocks("age_band")),
            "unmet needs": count_marks(figures.needs),
        },
    )
