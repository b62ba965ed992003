"""Epochs whose weights need not stay"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("epochs", sa.Column("kept", sa.Boolean(), nullable=False, server_default=sa.true()))
