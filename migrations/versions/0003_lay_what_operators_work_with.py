"""lay what operators work with

Revision ID: 0003
Revises: 0002
Create Date: 2026-11-26 01:13:23.945129

"""

import sqlalchemy as sa
from alembic import op

import mailing_app.db

# revision identifiers, used by Alembic.
revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("done_at", mailing_app.db.Moment(), nullable=False),
        sa.Column(
            "actor_kind",
            sa.Enum(
                "operator",
                "token",
                "console",
                "service",
                name="actor_kind",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("mailing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_actor"), ["actor"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_client_id"), ["client_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_mailing_id"), ["mailing_id"], unique=False)

    op.create_table(
        "client_import",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "receiving",
                "checking",
                "checked",
                "storing",
                "done",
                "dropped",
                "failed",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("encoding", sa.String(length=16), nullable=False),
        sa.Column("delimiter", sa.String(length=1), nullable=False),
        sa.Column("titles", sa.JSON(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("at_piece", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("good", sa.Integer(), nullable=False),
        sa.Column("bad", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("fault", sa.String(length=300), nullable=False),
        sa.Column(
            "actor_kind",
            sa.Enum(
                "operator",
                "token",
                "console",
                "service",
                name="actor_kind",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("worker", sa.String(length=64), nullable=False),
        sa.Column("worked_at", mailing_app.db.Moment(), nullable=True),
        sa.Column("created_at", mailing_app.db.Moment(), nullable=False),
        sa.Column("ended_at", mailing_app.db.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_import")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "gateway_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("turned_at", mailing_app.db.Moment(), nullable=False),
        sa.Column("dispatcher_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_event")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("gateway_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gateway_event_turned_at"), ["turned_at"], unique=False)

    op.create_table(
        "raw_answer",
        sa.Column(
            "dispatcher_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("came_at", mailing_app.db.Moment(), nullable=False),
        sa.Column("message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("excerpt", sa.String(length=1000), nullable=False),
        sa.PrimaryKeyConstraint("dispatcher_id", "place", name=op.f("pk_raw_answer")),
    )
    op.create_table(
        "traffic",
        sa.Column("minute_at", mailing_app.db.Moment(), nullable=False),
        sa.Column(
            "mailing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column(
            "dispatcher_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("up_to", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "minute_at", "mailing_id", "dispatcher_id", "outcome", "up_to", name=op.f("pk_traffic")
        ),
    )
    with op.batch_alter_table("traffic", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_traffic_mailing_id_minute_at"), ["mailing_id", "minute_at"], unique=False)

    op.create_table(
        "draft",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("operator_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("path", sa.String(length=300), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("form_key", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", mailing_app.db.Moment(), nullable=False),
        sa.Column("updated_at", mailing_app.db.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["operator_id"], ["operator.id"], name=op.f("fk_draft_operator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_draft_form_key", "draft", ["form_key"], unique=True)
    op.create_table(
        "import_piece",
        sa.Column(
            "import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_line", sa.Integer(), nullable=False),
        sa.Column("bad", sa.Integer(), nullable=False),
        sa.Column("bad_lines", sa.JSON(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["client_import.id"], name=op.f("fk_import_piece_import_id")),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_piece")),
    )
    # Plainly, for both databases alike: SQLite copies a table to give it a constraint, and the copy forgets the
    # CHECKs it had. With defaults of the database's own, processes of the version before go on writing.
    op.add_column("client", sa.Column("opted_out_at", mailing_app.db.Moment(), nullable=True))
    opted_out = sa.text("opted_out_at IS NOT NULL")
    op.create_index("ix_client_opted_out", "client", ["id"], sqlite_where=opted_out, postgresql_where=opted_out)
    writable = sa.text("erased_at IS NULL AND opted_out_at IS NULL")
    audience = ["timezone", "tag", "operator_code"]
    op.create_index("ix_client_audience", "client", audience, sqlite_where=writable, postgresql_where=writable)
    number = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE mailing ADD COLUMN remainder_of {number}"
        " CONSTRAINT fk_mailing_remainder_of REFERENCES mailing (id)"
    )
    op.execute(
        f"ALTER TABLE mailing ADD COLUMN only_client_id {number}"
        " CONSTRAINT fk_mailing_only_client_id REFERENCES client (id)"
    )
    op.execute("ALTER TABLE mailing ADD COLUMN with_uncertain BOOLEAN DEFAULT FALSE NOT NULL")
    op.add_column("mailing", sa.Column("form_key", sa.String(length=32), nullable=True))
    op.create_index("uq_mailing_form_key", "mailing", ["form_key"], unique=True)
    op.add_column("message", sa.Column("operator_code", sa.String(length=3), nullable=True))
    op.add_column("message", sa.Column("tag", sa.String(length=100), nullable=True))
    op.execute("ALTER TABLE operator ADD COLUMN timezone VARCHAR(64) DEFAULT '' NOT NULL")
    op.add_column("operator", sa.Column("seen_at", mailing_app.db.Moment(), nullable=True))
    op.add_column("token", sa.Column("expires_at", mailing_app.db.Moment(), nullable=True))
    op.add_column("token", sa.Column("last_used_at", mailing_app.db.Moment(), nullable=True))


def downgrade():

    for table, column in (
        ("token", "last_used_at"), ("token", "expires_at"), ("operator", "seen_at"), ("operator", "timezone"),
        ("message", "tag"), ("message", "operator_code"),
    ):  # fmt: skip
        op.drop_column(table, column)
    op.drop_index("uq_mailing_form_key", table_name="mailing")
    op.drop_column("mailing", "form_key")
    op.drop_column("mailing", "with_uncertain")
    op.execute("ALTER TABLE mailing DROP COLUMN only_client_id")
    op.execute("ALTER TABLE mailing DROP COLUMN remainder_of")
    op.drop_index("ix_client_audience", table_name="client")
    op.drop_index("ix_client_opted_out", table_name="client")
    op.drop_column("client", "opted_out_at")
    for table in ("import_piece", "draft", "traffic", "raw_answer", "gateway_event", "client_import", "audit_entry"):
        op.drop_table(table)
