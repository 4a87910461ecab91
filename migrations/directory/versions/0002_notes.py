"""Add notes for the team, and feedback counts"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "note",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("week", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        # SQLite's hidden row number would reveal the order in which notes arrived.
        sqlite_with_rowid=False,
    )
    op.create_table(
        "feedback",
        sa.Column("week", sa.String(), nullable=False),
        sa.Column("useful", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("week", "useful"),
    )


def downgrade() -> None:
    op.drop_table("feedback")
    op.drop_table("note")
