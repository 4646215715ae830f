"""lay the tables

Revision ID: 0001
Revises:
Create Date: 2026-11-24 00:01:16.738382

"""

import sqlalchemy as sa
from alembic import op

import mailing_app.db

# revision identifiers, used by Alembic.
revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():

    op.create_table(
        "client",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("phone", sa.String(length=11), nullable=True),
        sa.Column("operator_code", sa.String(length=3), nullable=False),
        sa.Column("tag", sa.String(length=100), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", mailing_app.db.Moment(), nullable=False),
        sa.Column("updated_at", mailing_app.db.Moment(), nullable=False),
        sa.Column("erased_at", mailing_app.db.Moment(), nullable=True),
        sa.CheckConstraint("phone IS NULL OR (length(phone) = 11 AND phone LIKE '7%')", name=op.f("ck_client_phone")),
        sa.CheckConstraint("length(operator_code) = 3", name=op.f("ck_client_operator_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client")),
        sa.UniqueConstraint("phone", name=op.f("uq_client_phone")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("client", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_client_operator_code_tag"), ["operator_code", "tag"], unique=False)
        batch_op.create_index(batch_op.f("ix_client_tag"), ["tag"], unique=False)

    op.create_table(
        "dispatcher",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("host", sa.String(length=120), nullable=False),
        sa.Column("pid", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("process_began", sa.String(length=32), nullable=False),
        sa.Column("beat", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("started_at", mailing_app.db.Moment(), nullable=False),
        sa.Column("beat_at", mailing_app.db.Moment(), nullable=False),
        sa.Column("left_at", mailing_app.db.Moment(), nullable=True),
        sa.Column("in_flight", sa.Integer(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("breaker", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatcher")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "gateway_state",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column(
            "hold",
            sa.Enum(
                "token_refused",
                "wrong_address",
                "suspect",
                "operator",
                name="hold",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=True,
        ),
        sa.Column("held_at", mailing_app.db.Moment(), nullable=True),
        sa.Column("held_under", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.String(length=300), nullable=False),
        sa.Column("probe_at", mailing_app.db.Moment(), nullable=True),
        sa.Column("wait_until", mailing_app.db.Moment(), nullable=True),
        sa.Column("tokens", sa.Double(), nullable=False),
        sa.Column("tokens_at", mailing_app.db.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_state")),
    )
    op.create_table(
        "mailing",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("starts_at", mailing_app.db.Moment(), nullable=False),
        sa.Column("ends_at", mailing_app.db.Moment(), nullable=False),
        sa.Column("filter", sa.JSON(), nullable=False),
        sa.Column("window_from", sa.Time(), nullable=True),
        sa.Column("window_to", sa.Time(), nullable=True),
        sa.Column("pause_reason", sa.String(length=200), nullable=False),
        sa.Column("paused_at", mailing_app.db.Moment(), nullable=True),
        sa.Column("cancelled_at", mailing_app.db.Moment(), nullable=True),
        sa.Column("deleted_at", mailing_app.db.Moment(), nullable=True),
        sa.Column("attempted_at", mailing_app.db.Moment(), nullable=True),
        sa.Column("enrolled_to", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrolled_at", mailing_app.db.Moment(), nullable=True),
        sa.Column("settled_at", mailing_app.db.Moment(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", mailing_app.db.Moment(), nullable=False),
        sa.Column("updated_at", mailing_app.db.Moment(), nullable=False),
        sa.CheckConstraint("(window_from IS NULL) = (window_to IS NULL)", name=op.f("ck_mailing_whole_window")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_mailing_ends_after_start")),
        sa.CheckConstraint("window_from <> window_to", name=op.f("ck_mailing_open_window")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailing")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("mailing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mailing_ends_at"), ["ends_at"], unique=False)

    op.create_table(
        "operator",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column(
            "role",
            sa.Enum("viewer", "operator", "admin", name="role", native_enum=False, create_constraint=True, length=16),
            nullable=False,
        ),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("created_at", mailing_app.db.Moment(), nullable=False),
        sa.Column("deactivated_at", mailing_app.db.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator")),
        sa.UniqueConstraint("name", name=op.f("uq_operator_name")),
    )
    op.create_table(
        "token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column(
            "scope",
            sa.Enum("read", "write", name="scope", native_enum=False, create_constraint=True, length=16),
            nullable=False,
        ),
        sa.Column("created_at", mailing_app.db.Moment(), nullable=False),
        sa.Column("revoked_at", mailing_app.db.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("name", name=op.f("uq_token_name")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_token_secret_hash")),
    )
    op.create_table(
        "kept_answer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("mailing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("created_at", mailing_app.db.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailing.id"], name=op.f("fk_kept_answer_mailing_id")),
        sa.ForeignKeyConstraint(["token_id"], ["token.id"], name=op.f("fk_kept_answer_token_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_answer")),
        sa.UniqueConstraint("token_id", "key", name=op.f("uq_kept_answer_token_id_key")),
    )
    with op.batch_alter_table("kept_answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kept_answer_created_at"), ["created_at"], unique=False)

    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mailing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "sending",
                "sent",
                "failed",
                "expired",
                "cancelled",
                "uncertain",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("phone", sa.String(length=11), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("unknown", sa.Boolean(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", mailing_app.db.Moment(), nullable=False),
        sa.Column("due_at", mailing_app.db.Moment(), nullable=False),
        sa.Column("sent_at", mailing_app.db.Moment(), nullable=True),
        sa.CheckConstraint("(status = 'sending') = (claimed_by IS NOT NULL)", name=op.f("ck_message_claimed")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_message_client_id")),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailing.id"], name=op.f("fk_message_mailing_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("mailing_id", "client_id", name=op.f("uq_message_mailing_id_client_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index(
            "ix_message_claimed",
            ["claimed_by"],
            unique=False,
            sqlite_where=sa.text("status = 'sending'"),
            postgresql_where=sa.text("status = 'sending'"),
        )
        batch_op.create_index(batch_op.f("ix_message_client_id"), ["client_id"], unique=False)
        batch_op.create_index(
            "ix_message_due",
            ["mailing_id", "due_at"],
            unique=False,
            sqlite_where=sa.text("status = 'pending'"),
            postgresql_where=sa.text("status = 'pending'"),
        )

    op.create_table(
        "sign_in",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("operator_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", mailing_app.db.Moment(), nullable=False),
        sa.Column("seen_at", mailing_app.db.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["operator_id"], ["operator.id"], name=op.f("fk_sign_in_operator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_sign_in_secret_hash")),
    )
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_operator_id"), ["operator_id"], unique=False)

    op.create_table(
        "tally",
        sa.Column(
            "mailing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("pending", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sending", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sent", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("failed", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("expired", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cancelled", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uncertain", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("last_byte_at", mailing_app.db.Moment(), nullable=True),
        sa.CheckConstraint("cancelled >= 0", name=op.f("ck_tally_cancelled")),
        sa.CheckConstraint("expired >= 0", name=op.f("ck_tally_expired")),
        sa.CheckConstraint("failed >= 0", name=op.f("ck_tally_failed")),
        sa.CheckConstraint("pending >= 0", name=op.f("ck_tally_pending")),
        sa.CheckConstraint("sending >= 0", name=op.f("ck_tally_sending")),
        sa.CheckConstraint("sent >= 0", name=op.f("ck_tally_sent")),
        sa.CheckConstraint("uncertain >= 0", name=op.f("ck_tally_uncertain")),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailing.id"], name=op.f("fk_tally_mailing_id")),
        sa.PrimaryKeyConstraint("mailing_id", name=op.f("pk_tally")),
    )
    op.create_table(
        "attempt",
        sa.Column(
            "message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("started_at", mailing_app.db.Moment(), nullable=True),
        sa.Column("ended_at", mailing_app.db.Moment(), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("code", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("error", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_attempt_message_id")),
        sa.PrimaryKeyConstraint("message_id", "epoch", name=op.f("pk_attempt")),
    )


def downgrade():

    op.drop_table("attempt")
    op.drop_table("tally")
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_operator_id"))

    op.drop_table("sign_in")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_message_due", sqlite_where=sa.text("status = 'pending'"), postgresql_where=sa.text("status = 'pending'")
        )
        batch_op.drop_index(batch_op.f("ix_message_client_id"))
        batch_op.drop_index(
            "ix_message_claimed",
            sqlite_where=sa.text("status = 'sending'"),
            postgresql_where=sa.text("status = 'sending'"),
        )

    op.drop_table("message")
    with op.batch_alter_table("kept_answer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_kept_answer_created_at"))

    op.drop_table("kept_answer")
    op.drop_table("token")
    op.drop_table("operator")
    with op.batch_alter_table("mailing", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mailing_ends_at"))

    op.drop_table("mailing")
    op.drop_table("gateway_state")
    op.drop_table("dispatcher")
    with op.batch_alter_table("client", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_client_tag"))
        batch_op.drop_index(batch_op.f("ix_client_operator_code_tag"))

    op.drop_table("client")
