"""Which keys a database is used with."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; the next start fills it."""
    op.create_table(
        "key_fingerprints",
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_key_fingerprints"),
    )
