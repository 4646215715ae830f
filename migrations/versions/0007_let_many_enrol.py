"""let many enrol

Revision ID: 0007
Revises: 0006
Create Date: 2026-11-26 12:00:00.000000

"""

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATES = ("pending", "sending", "sent", "failed", "expired", "cancelled", "uncertain")

TAKEN_BACK = """
UPDATE mailing SET enrolled_to = (SELECT MIN(after) FROM enrolment_span WHERE mailing_id = mailing.id)
WHERE id IN (SELECT mailing_id FROM enrolment_span)
"""
"""Who was enrolled behind the first open span is found there already, and stays."""


def upgrade():
    op.create_table(
        "enrolment_span",
        sa.Column("mailing_id", _id(), autoincrement=False, nullable=False),
        sa.Column("upto", _id(), autoincrement=False, nullable=False),
        sa.Column("after", _id(), nullable=False),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailing.id"], name=op.f("fk_enrolment_span_mailing_id")),
        sa.PrimaryKeyConstraint("mailing_id", "upto", name=op.f("pk_enrolment_span")),
    )
    check_states(" OR ".join(f"status = '{state}'" for state in STATES))


def check_states(states):
    """PostgreSQL takes either spelling for the same, and SQLite knows a table's checks only if they are told again."""
    if op.get_context().dialect.name != "sqlite":
        return
    highest = op.get_bind().exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'message'").scalar()
    with op.batch_alter_table("message", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_constraint(op.f("ck_message_status"), type_="check")
        batch.create_check_constraint(op.f("ck_message_status"), sa.text(states))
    if highest is not None:  # else the ids of messages that were removed would be given anew
        op.get_bind().exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = 'message'")
        op.get_bind().exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES ('message', ?)", (highest,))


def _id():
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def downgrade():
    check_states(f"status IN {STATES}")
    op.execute(TAKEN_BACK)
    op.drop_table("enrolment_span")
