"""The first schema."""

from alembic import op

from aggregator.store.schema import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())
    op.execute(
        "CREATE VIRTUAL TABLE find USING fts5(kind UNINDEXED, item_id UNINDEXED, words, "
        "prefix='1 2 3', tokenize='unicode61 remove_diacritics 0')"
    )
