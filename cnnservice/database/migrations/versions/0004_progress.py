"""Which attempt last got anywhere"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("progress_attempt", sa.BigInteger(), nullable=False, server_default="0"))
