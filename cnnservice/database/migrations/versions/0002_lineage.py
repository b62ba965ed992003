"""What a job goes on from, what it was trained on, and how its images were normalised"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("start_epoch", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("parent_id", sa.String(length=36), nullable=True))
    op.add_column("jobs", sa.Column("dataset_record", sa.JSON(), nullable=True))
    op.add_column("jobs", sa.Column("normalizer", sa.JSON(), nullable=True))
    op.create_index("ix_jobs_parent_id", "jobs", ["parent_id"])
    # Whether a file is still some model's: children share their parent's.
    op.create_index("ix_epochs_path", "epochs", ["path"])
