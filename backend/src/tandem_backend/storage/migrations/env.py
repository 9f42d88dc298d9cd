"""Alembic's entry: runs the migrations on the connection that `tandem_backend.storage.migrate` hands in."""

from alembic import context

from tandem_backend.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
