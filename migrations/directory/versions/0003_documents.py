"""Store listings as documents, and add search entries, feeds, places and unmet needs

Data is carried both ways; the parts that an older program cannot hold are lost on the way down.
"""

import json
from datetime import UTC, date, datetime, time
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Row = dict[str, Any]

# Copies of the tables: the models will change, and this migration must not.
_TEXTS = (
    "key name kind description organisation website email phone covers cost commitment status alert"
).split()
_LISTS = "strands assets topics accessibility audience languages skills_wanted".split()
_OTHERS = "online cost_amount minimum_age maximum_age confidential".split()


def upgrade() -> None:
    listings, places, schedules = map(_read, ("listing", "place", "schedule"))
    _drop("schedule", "place", "listing")
    with op.batch_alter_table("source") as source:
        for name in ("address", "etag", "last_modified", "held"):
            source.add_column(sa.Column(name, sa.String(), nullable=False, server_default=""))
        source.add_column(sa.Column("synced", sa.DateTime(), nullable=True))
    listing, entry, place = _create_new()
    now = datetime.now(UTC).replace(tzinfo=None)
    number = op.get_bind().scalar(sa.text("SELECT number FROM revision")) or 0
    for row in listings:
        where = [one for one in places if one["listing_id"] == row["id"]]
        when = [one for one in schedules if one["listing_id"] == row["id"]]
        kept = {name: row[name] for name in ("id", "source_id", "key")}
        changed = {"modified": now, "revision": number, "gone": False, "same_as": None}
        # No listing has this digest, so the next import writes the listing again.
        document = json.dumps(_write_document(row, where, when), default=_plain)
        _insert(listing, {**kept, **changed, "document": document, "digest": ""})
        blobs = dict.fromkeys(("facts", "terms", "points", "sessions", "labels"), b"")
        vector = {"vector": row["vector"], "text_digest": row["vector_digest"]}
        _insert(
            entry, {"listing_id": row["id"], "revision": number, "version": 0, **vector, **blobs}
        )
        for one in where:
            if one["latitude"] is not None and one["longitude"] is not None:
                of = ("listing_id", "neighbourhood", "postcode", "latitude", "longitude")
                _insert(place, {name: one[name] for name in of})
    _count_on("listing")


def downgrade() -> None:
    listings, entries = map(_read, ("listing", "entry"))
    vectors = {row["listing_id"]: row for row in entries}
    _drop("unmet_need", "possible_duplicate", "named_place", "label", "word", "place")
    _drop("entry", "listing")
    with op.batch_alter_table("source") as source:
        for name in ("address", "etag", "last_modified", "held", "synced"):
            source.drop_column(name)
    listing, place, schedule = _create_old()
    for row in listings:
        document = json.loads(row["document"])
        entry = vectors.get(row["id"])
        if entry is None:
            continue
        values = {name: document[name] for name in (*_TEXTS, *_LISTS, *_OTHERS)}
        values["assured_date"] = _read_day(document["assured_date"])
        values |= {"id": row["id"], "source_id": row["source_id"], "digest": row["digest"]}
        values |= {"vector": entry["vector"], "vector_digest": entry["text_digest"]}
        _insert(listing, values)
        for one in document["places"]:
            point = one.pop("point") or {"latitude": None, "longitude": None}
            _insert(place, {"listing_id": row["id"], **one, **point})
        for one in document["schedules"]:
            times = {name: _read_time(one[name]) for name in ("opens_at", "closes_at")}
            plain = {name: one[name] for name in ("days", "repeats", "description")}
            _insert(schedule, {"listing_id": row["id"], **plain, **times})
    _count_on("listing")


def _create_new() -> tuple[sa.Table, sa.Table, sa.Table]:
    listing = op.create_table(
        "listing",
        _number("id"),
        _number("source_id"),
        *_strings("key document digest"),
        sa.Column("modified", sa.DateTime(), nullable=False),
        _number("revision"),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("same_as", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"]),
        sa.ForeignKeyConstraint(["same_as"], ["listing.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source_id", "key"),
    )
    op.create_index("ix_listing_revision", "listing", ["revision"])
    entry = op.create_table(
        "entry",
        _number("listing_id"),
        _number("revision"),
        _number("version"),
        *_strings("text_digest"),
        *(
            sa.Column(name, sa.LargeBinary(), nullable=False)
            for name in ("vector", "facts", "terms", "points", "sessions", "labels")
        ),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("listing_id"),
    )
    op.create_index("ix_entry_revision", "entry", ["revision"])
    op.create_table(
        "word",
        _number("id"),
        *_strings("text"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("text"),
    )
    op.create_table(
        "label",
        _number("id"),
        *_strings("field text"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("field", "text"),
    )
    place = op.create_table(
        "place",
        _number("id"),
        _number("listing_id"),
        *_strings("neighbourhood postcode"),
        *_degrees(nullable=False),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    for name in ("listing_id", "neighbourhood", "postcode"):
        op.create_index(f"ix_place_{name}", "place", [name])
    op.create_table(
        "named_place",
        _number("id"),
        *_strings("key name"),
        *_degrees(nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_named_place_key", "named_place", ["key"])
    op.create_table(
        "possible_duplicate",
        _number("first_id"),
        _number("second_id"),
        sa.Column("likeness", sa.Double(), nullable=False),
        *_strings("reason verdict"),
        sa.ForeignKeyConstraint(["first_id"], ["listing.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["second_id"], ["listing.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("first_id", "second_id"),
    )
    op.create_table(
        "unmet_need",
        *_strings("week category area"),
        _number("count"),
        sa.PrimaryKeyConstraint("week", "category", "area"),
    )
    return listing, entry, place


def _create_old() -> tuple[sa.Table, sa.Table, sa.Table]:
    listing = op.create_table(
        "listing",
        _number("id"),
        _number("source_id"),
        *_strings(f"digest vector_digest {' '.join(_TEXTS)}"),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in _LISTS),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("online", "confidential")),
        *(sa.Column(name, sa.Integer(), nullable=True) for name in ("minimum_age", "maximum_age")),
        sa.Column("cost_amount", sa.Double(), nullable=True),
        sa.Column("assured_date", sa.Date(), nullable=True),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source_id", "key"),
    )
    place = op.create_table(
        "place",
        _number("id"),
        _number("listing_id"),
        *_strings("venue address neighbourhood postcode"),
        *_degrees(nullable=True),
        _part_of_listing(),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_place_listing_id", "place", ["listing_id"])
    schedule = op.create_table(
        "schedule",
        _number("id"),
        _number("listing_id"),
        sa.Column("days", sa.JSON(), nullable=False),
        *_strings("repeats description"),
        *(sa.Column(name, sa.Time(), nullable=True) for name in ("opens_at", "closes_at")),
        _part_of_listing(),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_schedule_listing_id", "schedule", ["listing_id"])
    return listing, place, schedule


def _write_document(row: Row, places: list[Row], schedules: list[Row]) -> Row:
    document = {name: row[name] for name in (*_TEXTS, *_LISTS, *_OTHERS, "assured_date")}
    document["places"] = [
        {
            **{name: one[name] for name in ("venue", "address", "neighbourhood", "postcode")},
            "point": None
            if one["latitude"] is None or one["longitude"] is None
            else {name: one[name] for name in ("latitude", "longitude")},
        }
        for one in places
    ]
    of = ("days", "repeats", "opens_at", "closes_at", "description")
    document["schedules"] = [{name: one[name] for name in of} for one in schedules]
    return document


def _read(name: str) -> list[Row]:
    table = sa.Table(name, sa.MetaData(), autoload_with=op.get_bind(), resolve_fks=False)
    by_id = table.primary_key.columns.values()
    rows = op.get_bind().execute(sa.select(table).order_by(*by_id)).mappings()
    return [dict(row) for row in rows]


def _insert(table: sa.Table, values: Row) -> None:
    op.get_bind().execute(table.insert().values(values))


def _drop(*names: str) -> None:
    for name in names:
        op.drop_table(name)


def _count_on(name: str) -> None:
    """Advance PostgreSQL's id sequences, which do not know about the ids that were copied."""
    if op.get_bind().dialect.name == "postgresql":
        highest = f"SELECT max(id) FROM {name}"  # noqa: S608 - a table of ours
        op.execute(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), ({highest}))")


def _part_of_listing() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], ondelete="CASCADE")


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _strings(names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names.split()]


def _degrees(*, nullable: bool) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Double(), nullable=nullable) for name in ("latitude", "longitude")]


def _plain(value: date | time) -> str:
    return value.isoformat()


def _read_day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _read_time(text: str | None) -> time | None:
    return time.fromisoformat(text) if text else None
