"""Commands while another program holds the directory's database."""

import sqlite3
from contextlib import closing

from bot.settings import ROOT
from tests.support.connector_command import Command
from tests.support.open_referral import open_empty


def test_an_import_says_in_one_line_that_the_directory_is_busy(command: Command) -> None:
    open_empty(command.var).dispose()
    with closing(sqlite3.connect(command.var / "directory.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        process = command("import", str(ROOT / "examples" / "larkhaven.csv"))
    assert process.returncode == 1
    assert process.stderr.splitlines()[-1] == "Another program is using the directory. Try again."
    assert "Traceback" not in process.stderr
