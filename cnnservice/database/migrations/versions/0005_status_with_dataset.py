"""Jobs of a status and a data set, newest first"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_jobs_status_dataset_id", "jobs", ["status", "dataset", "id"])
