"""Add search on PostgreSQL: vectors, words, filters, and how rare each word is

Other databases have none of it: there, searches are answered from memory.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_COUNT = """
CREATE FUNCTION count_{how}_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO term_count (term, listings)
    SELECT term, {sign} count(*)
    FROM changed CROSS JOIN LATERAL unnest(array_append(terms, 0)) AS term
    GROUP BY term
    ORDER BY term
    ON CONFLICT (term) DO UPDATE SET listings = term_count.listings + excluded.listings;
    RETURN NULL;
END
$$
"""

_UP = (
    "CREATE EXTENSION IF NOT EXISTS vector",
    """
    CREATE TABLE entry_search (
        listing_id integer PRIMARY KEY REFERENCES listing (id) ON DELETE CASCADE,
        shown boolean NOT NULL,
        kind smallint NOT NULL,
        strands smallint NOT NULL,
        free boolean NOT NULL,
        suits integer NOT NULL,
        refuses integer NOT NULL,
        youngest smallint NOT NULL,
        oldest smallint NOT NULL,
        times_told integer NOT NULL,
        labels integer[] NOT NULL,
        slots smallint[] NOT NULL,
        area box,
        terms integer[] NOT NULL,
        words sparsevec(1000000000) NOT NULL,
        embedding halfvec(384) NOT NULL
    )
    """,
    # A row is read as a whole: parts stored out of line would have to be fetched one by one.
    "ALTER TABLE entry_search SET (toast_tuple_target = 8160)",
    """
    CREATE INDEX ix_entry_search_embedding ON entry_search
    USING hnsw (embedding halfvec_ip_ops) WITH (m = 32, ef_construction = 200) WHERE shown
    """,
    "CREATE INDEX ix_entry_search_terms ON entry_search USING gin (terms) WITH (fastupdate = off)",
    # Rows are counted by their facts before the way to search them is chosen: this index has a
    # twentieth of the table's size.
    """
    CREATE INDEX ix_entry_search_facts ON entry_search (
        kind, free, strands, suits, refuses, youngest, oldest, times_told, listing_id
    ) WHERE shown
    """,
    "CREATE INDEX ix_entry_search_labels ON entry_search USING gin (labels)",
    "CREATE INDEX ix_entry_search_area ON entry_search USING gist (area)",
    # How many listings use each term; term 0 counts them all.
    "CREATE TABLE term_count (term integer PRIMARY KEY, listings integer NOT NULL)",
    _COUNT.format(how="added", sign="+"),
    _COUNT.format(how="removed", sign="-"),
    """
    CREATE TRIGGER count_added_terms AFTER INSERT ON entry_search
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_added_terms()
    """,
    """
    CREATE TRIGGER count_removed_terms AFTER DELETE ON entry_search
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_removed_terms()
    """,
    # The next program that opens the directory makes these entries and their search rows again.
    "UPDATE entry SET version = 0",
)
_DOWN = (
    "DROP TABLE entry_search",
    "DROP TABLE term_count",
    "DROP FUNCTION count_added_terms",
    "DROP FUNCTION count_removed_terms",
)


def upgrade() -> None:
    _run(_UP)


def downgrade() -> None:
    # The extension stays: others may use it.
    _run(_DOWN)


def _run(statements: tuple[str, ...]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in statements:
            op.execute(statement)
