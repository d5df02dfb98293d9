"""Alembic calls this. The whole way from the old schema to the new one is one transaction: all of it or nothing."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
