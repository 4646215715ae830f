"""Lay the queue of the fleet: on PostgreSQL only, in a schema of its own, as the installed package has it.

The queue holds no truth. A new version of procrastinate with other tables is met by a migration that drops the schema
and lays it anew (docs/decisions.md).
"""

from alembic import op
from sqlalchemy.engine import Connection

revision, down_revision, branch_labels, depends_on = "0006", "0005", None, None

SCHEMA = "procrastinate"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        lay(connection)


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"DROP SCHEMA {SCHEMA} CASCADE")


def lay(connection: Connection) -> None:
    """Its statements name no schema, so they are run with ours as the only one."""
    from procrastinate.schema import SchemaManager

    before = connection.exec_driver_sql("SHOW search_path").scalar_one()
    connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
    connection.exec_driver_sql(f"SET LOCAL search_path TO {SCHEMA}")
    connection.exec_driver_sql(SchemaManager.get_schema(), execution_options={"no_parameters": True})
    connection.exec_driver_sql(f"SET LOCAL search_path TO {before}")
