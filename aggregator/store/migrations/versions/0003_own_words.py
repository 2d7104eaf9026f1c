"""Whose list of recommendations a run makes."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE run ADD COLUMN listener_id INTEGER"
        " CONSTRAINT fk_run_listener_id REFERENCES listener (id) ON DELETE CASCADE"
    )
