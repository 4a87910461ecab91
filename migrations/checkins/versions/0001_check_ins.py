"""The one table: random key, week, area, age band, answers, question set."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "check_ins",
        sa.Column("random_key", sa.String(32), primary_key=True),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("area", sa.String(80), nullable=False),
        sa.Column("age_band", sa.String(8)),
        sa.Column("answers", sa.Text, nullable=False),
        sa.Column("question_set", sa.String(48), nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("check_ins")
