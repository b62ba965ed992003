"""The idempotency keys that made a job"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_idempotency_keys_job_id", "idempotency_keys", ["job_id"])
