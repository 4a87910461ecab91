"""SQLite's full-text search by hand: any of the words, best BM25 first.

Stop words are left out of the question: with them nearly every listing matches, and FTS5
takes four times as long.
"""

import json
import re
import sqlite3
from collections.abc import Sequence

from bm25s.stopwords import STOPWORDS_EN_PLUS

_WORD = re.compile(r"\w+")
_STOP_WORDS = frozenset(STOPWORDS_EN_PLUS)
_ANY = "SELECT rowid, -rank FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT ?"
# The plus keeps SQLite from asking the index once for each listing of the kind.
_SOME = """
SELECT rowid, -rank FROM texts WHERE texts MATCH ? AND +rowid IN
    (SELECT listing FROM kinds WHERE kind IN (SELECT value FROM json_each(?)))
ORDER BY rank LIMIT ?
"""


class Fts5:
    """A table of texts with the kind of each beside it; rows count from 0."""

    def __init__(self, texts: Sequence[str], kinds: Sequence[str]) -> None:
        self._connection = sqlite3.connect(":memory:")
        run = self._connection.execute
        run("CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize = 'porter unicode61')")
        run("CREATE TABLE kinds (listing INTEGER PRIMARY KEY, kind TEXT)")
        self._connection.executemany(
            "INSERT INTO texts (rowid, text) VALUES (?, ?)", enumerate(texts)
        )
        self._connection.executemany("INSERT INTO kinds VALUES (?, ?)", enumerate(kinds))
        run("CREATE INDEX by_kind ON kinds (kind)")
        run("INSERT INTO texts (texts) VALUES ('optimize')")

    def search(self, words: str, most: int, kinds: frozenset[str]) -> list[tuple[int, float]]:
        """Rows with their BM25 (more is better), the best first."""
        said = [word for word in _WORD.findall(words.lower()) if word not in _STOP_WORDS]
        if not said:
            return []
        asked = " OR ".join(f'"{word}"' for word in dict.fromkeys(said))
        if kinds:
            found = self._connection.execute(_SOME, (asked, json.dumps(sorted(kinds)), most))
        else:
            found = self._connection.execute(_ANY, (asked, most))
        return [(int(row), float(score)) for row, score in found]
