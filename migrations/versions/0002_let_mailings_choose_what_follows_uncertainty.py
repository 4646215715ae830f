"""let mailings choose what follows uncertainty

Revision ID: 0002
Revises: 0001
Create Date: 2026-11-25 22:05:00

"""

from alembic import op

# revision identifiers, used by Alembic.
revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade():

    # Spelled out, for both databases alike: SQLite copies a table to give it a constraint, and the copy forgets
    # the CHECKs it had. With defaults of the database's own, processes of the version before go on writing.
    op.execute(
        "ALTER TABLE mailing ADD COLUMN when_uncertain VARCHAR(16) DEFAULT 'hold' NOT NULL"
        " CONSTRAINT ck_mailing_when_uncertain CHECK (when_uncertain IN ('hold', 'send_again'))"
    )
    op.execute("ALTER TABLE dispatcher ADD COLUMN allowed INTEGER DEFAULT 0 NOT NULL")
    op.execute("ALTER TABLE dispatcher ADD COLUMN flapping BOOLEAN DEFAULT FALSE NOT NULL")
    op.execute("ALTER TABLE message ADD COLUMN frozen BOOLEAN DEFAULT FALSE NOT NULL")
    # Whoever was attempted and may be sent again keeps the phone it went to; the millions that are done stay untouched.
    op.execute(
        "UPDATE message SET frozen = TRUE"
        " WHERE status IN ('pending', 'sending', 'uncertain') AND attempts > 0 AND phone IS NOT NULL"
    )


def downgrade():

    op.execute("ALTER TABLE message DROP COLUMN frozen")
    op.execute("ALTER TABLE dispatcher DROP COLUMN flapping")
    op.execute("ALTER TABLE dispatcher DROP COLUMN allowed")
    op.execute("ALTER TABLE mailing DROP COLUMN when_uncertain")
