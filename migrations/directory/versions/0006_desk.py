"""Add the desk: accounts, sign-in attempts, sessions and the audit log

Of tokens and passwords only hashes are kept.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "desk_account",
        _number("id"),
        *_strings("name folded role password"),
        _moment("made"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("folded"),
    )
    op.create_table(
        "desk_attempt",
        *_strings("name"),
        _number("tries"),
        _moment("last"),
        _moment("barred"),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "desk_sign_in",
        *_strings("token"),
        _number("account_id"),
        _moment("expires"),
        sa.ForeignKeyConstraint(["account_id"], ["desk_account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_table(
        "desk_change",
        _number("id"),
        _number("listing_id"),
        _moment("at"),
        *_strings("who what fields before"),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    for table, column in _INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    for name in ("desk_change", "desk_sign_in", "desk_attempt", "desk_account"):
        op.drop_table(name)


_INDEXES = (
    ("desk_sign_in", "account_id"),
    ("desk_change", "listing_id"),
    ("desk_change", "at"),
)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _moment(name: str) -> sa.Column[sa.DateTime]:
    return sa.Column(name, sa.DateTime(), nullable=False)


def _strings(names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names.split()]
