"""Writes every file of a release from its figures."""

from collections.abc import Sequence

from checkins.figures import Figures
from checkins.outputs.code_book import FILE_NAME, write_package
from checkins.outputs.headlines import make_headline_rows
from checkins.outputs.readme import write_readme
from checkins.outputs.release_tables import write_tables
from checkins.outputs.report import write_report
from checkins.outputs.table_files import write_csv, write_parquet


def write_files(figures: Figures, history: Sequence[Figures]) -> dict[str, bytes]:
    """The content of each file by name. The same figures and history give the same bytes.

    `history` holds the figures of earlier releases. Those of comparable periods are shown as change
    over time.
    """
    headlines = make_headline_rows(figures, history)
    tables = write_tables(figures, headlines)
    files = {}
    for table in tables:
        files[f"{table.schema.name}.csv"] = write_csv(table)
        files[f"{table.schema.name}.parquet"] = write_parquet(table)
    files[FILE_NAME] = write_package(figures, [table.schema for table in tables], files)
    files["README.txt"] = write_readme(figures, tables).encode()
    files["report.html"] = write_report(figures, headlines, tables).encode()
    return files
