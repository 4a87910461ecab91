"""SQLite's full-text search: any of the words, best BM25 first.

Stop words are left out of the query: with them nearly every listing matches, and FTS5 takes four
times as long.
"""

import json
import re
import sqlite3
from collections.abc import Sequence

from bm25s.stopwords import STOPWORDS_EN_PLUS

_WORD = re.compile(r"\w+")
_STOP_WORDS = frozenset(STOPWORDS_EN_PLUS)
_SEARCH_ALL = "SELECT rowid, -rank FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT ?"
# The plus stops SQLite from querying the index once for each listing of the kind.
_SEARCH_KINDS = """
SELECT rowid, -rank FROM texts WHERE texts MATCH ? AND +rowid IN
    (SELECT listing FROM kinds WHERE kind IN (SELECT value FROM json_each(?)))
ORDER BY rank LIMIT ?
"""


class Fts5:
    """A table of texts with their kinds; rows count from 0."""

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

    def search(self, text: str, limit: int, kinds: frozenset[str]) -> list[tuple[int, float]]:
        """Rows with their BM25 (higher is better), best first."""
        words = [word for word in _WORD.findall(text.lower()) if word not in _STOP_WORDS]
        if not words:
            return []
        match = " OR ".join(f'"{word}"' for word in dict.fromkeys(words))
        if kinds:
            rows = self._connection.execute(
                _SEARCH_KINDS, (match, json.dumps(sorted(kinds)), limit)
            )
        else:
            rows = self._connection.execute(_SEARCH_ALL, (match, limit))
        return [(int(row), float(score)) for row, score in rows]
