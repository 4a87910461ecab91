"""Alembic's entry for the check-ins database, called by `checkins.migration`.

With a connection it migrates it; without one it prints the statements for the
dialect of `sqlalchemy.url`.
"""

from alembic import context

from checkins.models import Base

connection = context.config.attributes.get("connection")
if connection is not None:
    context.configure(connection=connection, target_metadata=Base.metadata)
else:
    context.configure(
        url=context.config.get_main_option("sqlalchemy.url"),
        target_metadata=Base.metadata,
        literal_binds=True,
    )
with context.begin_transaction():
    context.run_migrations()
