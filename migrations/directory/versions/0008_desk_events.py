"""Let the audit log hold other changes than a listing's, and store no text of private rows"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Older programs ended the reason for holding a feed with a command to type.
_FOR_COMMANDS = " If that is right, take it with"


def upgrade() -> None:
    with op.batch_alter_table("desk_change") as change:
        change.alter_column("listing_id", existing_type=sa.Integer(), nullable=True)
        change.add_column(sa.Column("about", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("quarantined_row") as row:
        row.add_column(
            sa.Column("confidential", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    connection = op.get_bind()
    for at, content in connection.execute(sa.select(_row.c.id, _row.c.content)).all():
        if isinstance(content, dict) and _may_be_private(content.get("confidential")):
            left = {"content": {"confidential": "yes"}, "confidential": True, "reason": _WITHHELD}
            connection.execute(sa.update(_row).where(_row.c.id == at).values(left))
    for at, held in connection.execute(sa.select(_source.c.id, _source.c.held)).all():
        kept = {"held": held.partition(_FOR_COMMANDS)[0]}
        connection.execute(sa.update(_source).where(_source.c.id == at).values(kept))


def downgrade() -> None:
    op.execute("DELETE FROM desk_change WHERE listing_id IS NULL")
    with op.batch_alter_table("desk_change") as change:
        change.drop_column("about")
        change.alter_column("listing_id", existing_type=sa.Integer(), nullable=False)
    with op.batch_alter_table("quarantined_row") as row:
        row.drop_column("confidential")


_WITHHELD = "it is to be kept private; see in its source what is wrong"
_PLAIN_NO = ("", "no", "n", "false", "0", "0.0")
_row = sa.table(
    "quarantined_row",
    sa.column("id", sa.Integer()),
    sa.column("reason", sa.String()),
    sa.column("content", sa.JSON()),
    sa.column("confidential", sa.Boolean()),
)
_source = sa.table("source", sa.column("id", sa.Integer()), sa.column("held", sa.String()))


def _may_be_private(flag: object) -> bool:
    return flag is not None and str(flag).strip().casefold() not in _PLAIN_NO
