"""The largest number of check-ins within an hour, by week and area."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bursts",
        sa.Column("week", sa.String(8), primary_key=True),
        sa.Column("area", sa.String(80), primary_key=True),
        sa.Column("checkins", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("bursts")
