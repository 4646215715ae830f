"""lay what keeps the door

Revision ID: 0004
Revises: 0003
Create Date: 2026-11-26 04:40:12.184501

"""

import sqlalchemy as sa
from alembic import op

import mailing_app.db

# revision identifiers, used by Alembic.
revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "sign_in_failure",
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Double(), nullable=False),
        sa.Column("failed_at", mailing_app.db.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_sign_in_failure")),
    )
    op.create_index(op.f("ix_sign_in_failure_failed_at"), "sign_in_failure", ["failed_at"], unique=False)
    op.create_table(
        "request_at_work",
        sa.Column(
            "token_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("began_at", mailing_app.db.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["token.id"], name=op.f("fk_request_at_work_token_id")),
        sa.PrimaryKeyConstraint("token_id", "key", name=op.f("pk_request_at_work")),
    )
    op.add_column("mailing", sa.Column("forgotten_at", mailing_app.db.Moment(), nullable=True))


def downgrade():
    op.drop_column("mailing", "forgotten_at")
    op.drop_table("request_at_work")
    op.drop_table("sign_in_failure")
