"""Store the finished service JSON, so that no reader has to make it

Services are written again when the directory is next opened, under the ids they have.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_published_revision", "published")
    op.drop_column("published", "revision")
    op.add_column("published", sa.Column("service", sa.String(), nullable=False, server_default=""))
    op.execute("UPDATE published SET version = 0")


def downgrade() -> None:
    op.drop_column("published", "service")
    # No entry has this revision, so an older program makes every row again.
    op.add_column(
        "published", sa.Column("revision", sa.Integer(), nullable=False, server_default="-1")
    )
    op.create_index("ix_published_revision", "published", ["revision"])
