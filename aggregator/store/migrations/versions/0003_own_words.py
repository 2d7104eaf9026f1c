"""What listeners write themselves, and the history of whose word comes first."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("pick", sa.Column("value", sa.Text(), nullable=True))
    op.execute(
        "ALTER TABLE run ADD COLUMN listener_id INTEGER"
        " CONSTRAINT fk_run_listener_id REFERENCES listener (id) ON DELETE CASCADE"
    )
    op.create_table(
        "ordering",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("listener_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("field", sa.String(length=12), nullable=False),
        sa.Column("providers", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.Column("undone_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["listener_id"], ["listener.id"], name=op.f("fk_ordering_listener_id")),
        sa.ForeignKeyConstraint(["undone_by"], ["listener.id"], name=op.f("fk_ordering_undone_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ordering")),
    )
    op.execute(
        "INSERT INTO ordering (listener_id, kind, field, providers, at)"
        " SELECT listener_id, kind, field, providers, at FROM precedence ORDER BY at, kind, field"
    )
