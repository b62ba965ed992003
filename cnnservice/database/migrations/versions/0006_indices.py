"""Indices of what is looked up: jobs by status and data set, and the idempotency keys of a job"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_jobs_status_dataset_id", "jobs", ["status", "dataset", "id"])
    op.create_index("ix_idempotency_keys_job_id", "idempotency_keys", ["job_id"])
