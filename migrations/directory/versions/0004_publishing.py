"""Add the tables by which published services are filtered: ids, terms, ages, times and places

Made afresh from the listings when first asked for; nothing is lost on the way down.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "published",
        *_numbers("listing_id revision version"),
        *_strings("public_id organisation_id status words"),
        sa.Column("modified", sa.DateTime(), nullable=False),
        sa.Column("minimum_age", sa.Integer(), nullable=True),
        sa.Column("maximum_age", sa.Integer(), nullable=True),
        _part_of_listing(),
        sa.PrimaryKeyConstraint("listing_id"),
        sa.UniqueConstraint("public_id"),
    )
    op.create_table(
        "published_place",
        *_numbers("listing_id number"),
        *_strings("public_id postcode"),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        _part_of_listing(),
        sa.PrimaryKeyConstraint("listing_id", "number"),
        sa.UniqueConstraint("public_id"),
    )
    op.create_table(
        "published_time",
        *_numbers("listing_id number"),
        *_strings("day"),
        sa.Column("opens_at", sa.Integer(), nullable=True),
        sa.Column("closes_at", sa.Integer(), nullable=True),
        _part_of_listing(),
        sa.PrimaryKeyConstraint("listing_id", "number", "day"),
    )
    op.create_table(
        "published_term",
        *_numbers("listing_id"),
        *_strings("term_id"),
        _part_of_listing(),
        sa.PrimaryKeyConstraint("listing_id", "term_id"),
    )
    op.create_table(
        "term",
        *_strings("id taxonomy_id taxonomy document"),
        sa.PrimaryKeyConstraint("id"),
    )
    for table, column in _INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    for name in ("term", "published_term", "published_time", "published_place", "published"):
        op.drop_table(name)


_INDEXES = (
    ("published", "revision"),
    ("published", "organisation_id"),
    ("published", "modified"),
    ("published_place", "latitude"),
    ("published_term", "term_id"),
    ("term", "taxonomy_id"),
)


def _numbers(names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names.split()]


def _strings(names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names.split()]


def _part_of_listing() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], ondelete="CASCADE")
