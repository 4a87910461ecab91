"""A week's check-ins together in random order; stubs of used Sends; how far was purged."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COLUMNS = "week, random_key, area, age_band, answers, question_set"


def upgrade() -> None:
    # What an update that was cut short may have left.
    op.execute("DROP TABLE IF EXISTS check_ins_by_week")
    op.create_table(
        "check_ins_by_week",
        sa.Column("week", sa.String(8), primary_key=True),
        sa.Column("random_key", sa.String(32), primary_key=True),
        sa.Column("area", sa.String(80), nullable=False),
        sa.Column("age_band", sa.String(8)),
        sa.Column("answers", sa.Text, nullable=False),
        sa.Column("question_set", sa.String(48), nullable=False),
        sqlite_with_rowid=False,
    )
    # In the order of the keys: the rows as they lay were in the order they came.
    op.execute(
        f"INSERT INTO check_ins_by_week ({_COLUMNS}) "  # noqa: S608 (no value is ours)
        f"SELECT {_COLUMNS} FROM check_ins ORDER BY week, random_key"
    )
    op.drop_table("check_ins")
    op.rename_table("check_ins_by_week", "check_ins")
    op.execute("DROP TABLE IF EXISTS stubs")
    op.create_table(
        "stubs",
        sa.Column("turn", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("stub", sa.String(16), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.execute("DROP TABLE IF EXISTS purge")
    op.create_table("purge", sa.Column("before_week", sa.String(8), primary_key=True))


def downgrade() -> None:
    op.drop_table("purge")
    op.drop_table("stubs")
