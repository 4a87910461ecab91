"""`report.html`: the release as one self-contained page.

Owns the content of the page; `report_summary` writes the summary, and the templates draw the
charts. Must never contain a script or fetch anything.
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
from checkins.outputs.charts import make_distributions, make_group_charts, make_time_charts
from checkins.outputs.code_book import count_marks
from checkins.outputs.headlines import LEADING, HeadlineRow, load_headlines
from checkins.outputs.method_text import (
    BURSTS,
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

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals |= {
    "format_cell": format_cell,
    "format_count": format_count,
    "format_percent": format_percent,
    "format_range": format_range,
    "format_share": format_share,
    "describe_period": describe_period,
}


def write_report(figures: Figures, rows: Sequence[HeadlineRow], tables: Sequence[Table]) -> str:
    """The whole page."""
    by_name = {table.schema.name: table for table in tables}
    areas = summarise_areas(figures)
    by_area = make_group_charts(figures, rows, "area")
    over_time = [make_time_charts(rows, code) for code in by_area]
    return _templates.get_template("report.html").render(
        figures=figures,
        period=describe_period(figures.period),
        days=describe_days(figures.period),
        fictional=FICTIONAL,
        bursts=BURSTS,
        who=WHO,
        summary=Summary(figures, rows, tables, areas).write(),
        leading=[by_area[code] for code in LEADING if code in by_area],
        by_area=by_area,
        by_age=make_group_charts(figures, rows, "age_band"),
        over_time=[charts for charts in over_time if charts],
        questions=list(make_distributions(by_name["checkins"], "area")),
        usefulness=list(make_distributions(by_name["usefulness"], "area")),
        areas=areas,
        strands=list_strands(figures),
        max_searches=max(
            (topic.cell.count or 0 for area in areas for topic in area.counted_topics), default=1
        ),
        max_listings=max((count for area in areas for count in area.listings or ()), default=1)
        or 1,
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
