"""lay what reports and watchers rely on

Revision ID: 0005
Revises: 0004
Create Date: 2026-11-26 07:54:07.539172

"""

import sqlalchemy as sa
from alembic import op

import mailing_app.db

# revision identifiers, used by Alembic.
revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ENDS = ("sent", "failed", "expired", "cancelled", "uncertain")

ENROLLED = """
UPDATE message SET
    enrolled_code = (SELECT operator_code FROM client WHERE client.id = message.client_id),
    enrolled_zone = (SELECT timezone FROM client WHERE client.id = message.client_id),
    enrolled_tag = (SELECT tag FROM client WHERE client.id = message.client_id)
"""

ATTEMPTS = """
UPDATE tally SET
    attempts = (SELECT COALESCE(SUM(attempts), 0) FROM message WHERE message.mailing_id = tally.mailing_id),
    repeats = (SELECT COALESCE(SUM(attempts - 1), 0) FROM message
               WHERE message.mailing_id = tally.mailing_id AND attempts > 1)
"""

MISSES = """
INSERT INTO misses (client_id, number, failed, expired, uncertain)
SELECT client_id, COUNT(*), SUM(CASE WHEN status = 'failed' THEN 1 ELSE 0 END),
    SUM(CASE WHEN status = 'expired' THEN 1 ELSE 0 END), SUM(CASE WHEN status = 'uncertain' THEN 1 ELSE 0 END)
FROM message WHERE status IN ('failed', 'expired', 'uncertain') GROUP BY client_id
"""

METER = """
INSERT INTO meter (dispatcher_id, outcome, up_to, number, milliseconds)
SELECT 0, outcome, up_to, SUM(number), SUM(number * up_to) FROM traffic GROUP BY outcome, up_to
"""


def upgrade():
    lay_figures()
    lay_watching()
    lay_columns()
    count()


def lay_figures():
    op.create_table(
        "breakdown",
        sa.Column("mailing_id", _id(), autoincrement=False, nullable=False),
        sa.Column("trait", _one_of("trait", "operator_code", "timezone", "tag", "reason"), nullable=False),
        sa.Column("value", sa.String(length=100), nullable=False),
        *(sa.Column(name, _id(), nullable=False) for name in ("pending", *ENDS)),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailing.id"], name=op.f("fk_breakdown_mailing_id")),
        sa.PrimaryKeyConstraint("mailing_id", "trait", "value", name=op.f("pk_breakdown")),
    )
    op.create_table(
        "misses",
        sa.Column("client_id", _id(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("number", "failed", "expired", "uncertain")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_misses_client_id")),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_misses")),
    )
    op.create_index(op.f("ix_misses_number_client_id"), "misses", ["number", "client_id"], unique=False)
    op.create_table(
        "meter",
        sa.Column("dispatcher_id", _id(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("up_to", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", _id(), nullable=False),
        sa.Column("milliseconds", _id(), nullable=False),
        sa.PrimaryKeyConstraint("dispatcher_id", "outcome", "up_to", name=op.f("pk_meter")),
    )


def lay_watching():
    op.create_table(
        "process",
        sa.Column("id", _id(), nullable=False),
        sa.Column("kind", _one_of("kind", "web", "dispatcher", "both"), nullable=False),
        sa.Column("host", sa.String(length=120), nullable=False),
        sa.Column("pid", _id(), nullable=False),
        sa.Column("started_at", mailing_app.db.Moment(), nullable=False),
        sa.Column("beat_at", mailing_app.db.Moment(), nullable=False),
        sa.Column("left_at", mailing_app.db.Moment(), nullable=True),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_process_beat_at"), "process", ["beat_at"], unique=False)
    op.create_table(
        "report_mail",
        sa.Column("due_at", mailing_app.db.Moment(), nullable=False),
        sa.Column("state", _one_of("state", "waiting", "handed_over", "sent", "failed"), nullable=False),
        sa.Column("worker", sa.String(length=120), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("try_at", mailing_app.db.Moment(), nullable=False),
        sa.Column("sent_at", mailing_app.db.Moment(), nullable=True),
        sa.Column("error", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("due_at", name=op.f("pk_report_mail")),
    )
    op.create_table(
        "inquiry",
        sa.Column("message_id", _id(), autoincrement=False, nullable=False),
        sa.Column(
            "actor_kind", _one_of("actor_kind", "operator", "token", "console", "service"), nullable=False
        ),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("asked_at", mailing_app.db.Moment(), nullable=False),
        sa.Column("try_at", mailing_app.db.Moment(), nullable=True),
        sa.Column("answered_at", mailing_app.db.Moment(), nullable=True),
        sa.Column("word", _one_of("word", "accepted", "never_came", "nothing"), nullable=True),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("detail", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_inquiry_message_id")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_inquiry")),
    )
    unanswered = sa.text("answered_at IS NULL")
    op.create_index(
        "ix_inquiry_open", "inquiry", ["asked_at"], unique=False,
        sqlite_where=unanswered, postgresql_where=unanswered,
    )  # fmt: skip
    uncertain = sa.text("status = 'uncertain'")
    op.create_index(
        "ix_message_uncertain", "message", ["mailing_id", "client_id"], unique=False,
        sqlite_where=uncertain, postgresql_where=uncertain,
    )  # fmt: skip


def lay_columns():
    op.add_column("mailing", sa.Column("forecast", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("mailing", sa.Column("archived_at", mailing_app.db.Moment(), nullable=True))
    op.create_index(op.f("ix_mailing_starts_at"), "mailing", ["starts_at"], unique=False)
    for name, length in (("enrolled_code", 3), ("enrolled_zone", 64), ("enrolled_tag", 100)):
        op.add_column("message", sa.Column(name, sa.String(length=length), server_default="", nullable=False))
    for name in ("attempts", "repeats", "opted_out"):
        op.add_column("tally", sa.Column(name, _id(), server_default="0", nullable=False))


def count():
    """Once from the messages that there are; from here on the figures are moved with them."""
    for statement in (ENROLLED, ATTEMPTS, MISSES, METER):
        op.execute(statement)
    for trait, column in (("operator_code", "code"), ("timezone", "zone"), ("tag", "tag")):
        op.execute(_breakdown(f"enrolled_{column}", trait, "1 = 1"))
    op.execute(_breakdown("reason", "reason", "reason <> '' AND status NOT IN ('pending', 'sending')"))


def _breakdown(value, trait, which):
    sums = ", ".join(f"SUM(CASE WHEN status = '{end}' THEN 1 ELSE 0 END)" for end in ENDS)
    waiting = "SUM(CASE WHEN status IN ('pending', 'sending') THEN 1 ELSE 0 END)"
    return f"""
        INSERT INTO breakdown (mailing_id, trait, value, pending, {", ".join(ENDS)})
        SELECT mailing_id, '{trait}', {value}, {waiting}, {sums} FROM message
        WHERE {which} GROUP BY mailing_id, {value}
    """  # noqa: S608 - of constants


def _id():
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _one_of(name, *values):
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=16)


def downgrade():
    for name in ("opted_out", "repeats", "attempts"):
        op.drop_column("tally", name)
    op.drop_index("ix_message_uncertain", table_name="message")
    for name in ("enrolled_tag", "enrolled_zone", "enrolled_code"):
        op.drop_column("message", name)
    op.drop_index(op.f("ix_mailing_starts_at"), table_name="mailing")
    op.drop_column("mailing", "archived_at")
    op.drop_column("mailing", "forecast")
    for name in ("inquiry", "report_mail", "process", "meter", "misses", "breakdown"):
        op.drop_table(name)
