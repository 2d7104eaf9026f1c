"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "album",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column("credit", sa.Text(), nullable=False),
        sa.Column("artist_sort", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("released", sa.String(length=10), nullable=True),
        sa.Column("form", sa.String(length=12), nullable=False),
        sa.Column("tracks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ids", sa.Text(), server_default="{}", nullable=False),
        sa.Column("genres", sa.Text(), server_default="[]", nullable=False),
        sa.Column("art", sa.String(length=64), nullable=True),
        sa.Column("hue", sa.Integer(), nullable=True),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_album")),
    )
    op.create_index(op.f("ix_album_artist_sort_year_id"), "album", ["artist_sort", "year", "id"], unique=False)
    op.create_index(op.f("ix_album_sort_id"), "album", ["sort", "id"], unique=False)
    op.create_table(
        "art",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=True),
        sa.Column("hue", sa.Integer(), nullable=True),
        sa.Column("fetched_at", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_art")),
    )
    op.create_table(
        "artist",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("ids", sa.Text(), server_default="{}", nullable=False),
        sa.Column("genres", sa.Text(), server_default="[]", nullable=False),
        sa.Column("art", sa.String(length=64), nullable=True),
        sa.Column("hue", sa.Integer(), nullable=True),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_artist")),
    )
    op.create_index(op.f("ix_artist_folded"), "artist", ["folded"], unique=False)
    op.create_index(op.f("ix_artist_sort_id"), "artist", ["sort", "id"], unique=False)
    op.create_table(
        "item_credit",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("artist_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("join", sa.Text(), server_default="", nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("kind", "item_id", "position", name=op.f("pk_item_credit")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_item_credit_artist_id_kind"), "item_credit", ["artist_id", "kind"], unique=False)
    op.create_table(
        "listener",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("settings", sa.Text(), server_default="{}", nullable=False),
        sa.Column("feed_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("session_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listener")),
        sa.UniqueConstraint("name", name=op.f("uq_listener_name")),
    )
    op.create_table(
        "recording",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column("credit", sa.Text(), nullable=False),
        sa.Column("artist_sort", sa.Text(), nullable=False),
        sa.Column("album_id", sa.Integer(), nullable=True),
        sa.Column("album_title", sa.Text(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("audio_claim", sa.Integer(), nullable=True),
        sa.Column("ids", sa.Text(), server_default="{}", nullable=False),
        sa.Column("art", sa.String(length=64), nullable=True),
        sa.Column("hue", sa.Integer(), nullable=True),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
    )
    op.create_index(op.f("ix_recording_artist_sort_sort_id"), "recording", ["artist_sort", "sort", "id"], unique=False)
    op.create_index(op.f("ix_recording_sort_id"), "recording", ["sort", "id"], unique=False)
    op.create_table(
        "show",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("start", sa.String(length=5), nullable=True),
        sa.Column("until", sa.String(length=10), nullable=True),
        sa.Column("zone", sa.String(length=40), nullable=True),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("festival", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), server_default="", nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.Column("gone_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_show")),
    )
    op.create_index(op.f("ix_show_day_id"), "show", ["day", "id"], unique=False)
    op.create_table(
        "unsure",
        sa.Column("a", sa.Integer(), nullable=False),
        sa.Column("b", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("points", sa.Float(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("a", "b", name=op.f("pk_unsure")),
    )
    op.create_index(op.f("ix_unsure_b"), "unsure", ["b"], unique=False)
    op.create_index(op.f("ix_unsure_kind"), "unsure", ["kind"], unique=False)
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("listener_id", sa.Integer(), nullable=True),
        sa.Column("settings", sa.Text(), server_default="{}", nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=True),
        sa.Column("pinned", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default="1", nullable=False),
        sa.Column("state", sa.String(length=20), server_default="ready", nullable=False),
        sa.Column("state_words", sa.Text(), server_default="", nullable=False),
        sa.Column("blocked_until", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["listener_id"], ["listener.id"], name=op.f("fk_account_listener_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("key", name=op.f("uq_account_key")),
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("listener_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["listener_id"], ["listener.id"], name=op.f("fk_decision_listener_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_table(
        "dismissal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("listener_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column("copy", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["listener_id"], ["listener.id"], name=op.f("fk_dismissal_listener_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dismissal")),
    )
    op.create_index(op.f("ix_dismissal_listener_id_kind"), "dismissal", ["listener_id", "kind"], unique=False)
    op.create_table(
        "play_day",
        sa.Column("listener_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("plays", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["listener_id"], ["listener.id"], name=op.f("fk_play_day_listener_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("listener_id", "day", name=op.f("pk_play_day")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "recommended",
        sa.Column("listener_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["listener_id"], ["listener.id"], name=op.f("fk_recommended_listener_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("listener_id", "kind", "rank", name=op.f("pk_recommended")),
    )
    op.create_table(
        "shelf",
        sa.Column("listener_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("owned", sa.Boolean(), nullable=False),
        sa.Column("saved", sa.Boolean(), nullable=False),
        sa.Column("service", sa.Boolean(), nullable=False),
        sa.Column("loved", sa.Boolean(), nullable=False),
        sa.Column("plays", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_heard", sa.BigInteger(), nullable=True),
        sa.Column("last_heard", sa.BigInteger(), nullable=True),
        sa.Column("added_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["listener_id"], ["listener.id"], name=op.f("fk_shelf_listener_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("listener_id", "kind", "item_id", name=op.f("pk_shelf")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_shelf_kind_item_id"), "shelf", ["kind", "item_id"], unique=False)
    op.create_table(
        "stance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("listener_id", sa.Integer(), nullable=False),
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column("copy", sa.Text(), nullable=False),
        sa.Column("topic", sa.String(length=10), nullable=False),
        sa.Column("word", sa.String(length=6), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["listener_id"], ["listener.id"], name=op.f("fk_stance_listener_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stance")),
        sa.UniqueConstraint("listener_id", "claim_id", "topic", name=op.f("uq_stance_listener_id_claim_id_topic")),
    )
    op.create_table(
        "star",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("listener_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column("copy", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["listener_id"], ["listener.id"], name=op.f("fk_star_listener_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_star")),
        sa.UniqueConstraint("listener_id", "kind", "claim_id", name=op.f("uq_star_listener_id_kind_claim_id")),
    )
    op.create_table(
        "tally",
        sa.Column("listener_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("owned", sa.Integer(), nullable=False),
        sa.Column("saved", sa.Integer(), nullable=False),
        sa.Column("service", sa.Integer(), nullable=False),
        sa.Column("heard", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["listener_id"], ["listener.id"], name=op.f("fk_tally_listener_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("listener_id", "kind", name=op.f("pk_tally")),
    )
    op.create_table(
        "answer",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("argument", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_answer_account_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "method", "argument", name=op.f("pk_answer")),
    )
    op.create_index(op.f("ix_answer_expires_at"), "answer", ["expires_at"], unique=False)
    op.create_table(
        "claim",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("pid", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=True),
        sa.Column("scope", sa.Text(), server_default="", nullable=False),
        sa.Column("about", sa.Integer(), nullable=True),
        sa.Column("present", sa.Boolean(), server_default="1", nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("absent_since", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_claim_account_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sa.UniqueConstraint("account_id", "kind", "pid", name=op.f("uq_claim_account_id_kind_pid")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_claim_about"), "claim", ["about"], unique=False)
    op.create_index(
        "ix_claim_absent", "claim", ["account_id", "kind"], unique=False, sqlite_where=sa.text("present = 0")
    )
    op.create_index(
        "ix_claim_discovery",
        "claim",
        ["account_id", "kind"],
        unique=False,
        sqlite_where=sa.text("scope = 'discovery'"),
    )
    op.create_table(
        "cursor",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("capability", sa.String(length=20), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_cursor_account_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "capability", name=op.f("pk_cursor")),
    )
    op.create_table(
        "decision_claim",
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=1), nullable=False),
        sa.Column("account_key", sa.String(length=80), nullable=False),
        sa.Column("pid", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decision.id"], name=op.f("fk_decision_claim_decision_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("decision_id", "side", "account_key", "pid", name=op.f("pk_decision_claim")),
    )
    op.create_table(
        "held",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("of", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("held_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.String(length=5), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_held_account_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held")),
    )
    op.create_index(op.f("ix_held_account_id_decided_at"), "held", ["account_id", "decided_at"], unique=False)
    op.create_table(
        "keep",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_keep_account_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("pk_keep")),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_by", sa.String(length=20), nullable=False),
        sa.Column("queued_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("doing", sa.Text(), server_default="", nullable=False),
        sa.Column("counts", sa.Text(), server_default="{}", nullable=False),
        sa.Column("complete", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("error", sa.String(length=20), nullable=True),
        sa.Column("error_words", sa.Text(), nullable=True),
        sa.Column("traceback", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_run_account_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_index(op.f("ix_run_account_id_what_id"), "run", ["account_id", "what", "id"], unique=False)
    op.create_index(op.f("ix_run_state"), "run", ["state"], unique=False)
    op.create_table(
        "scope_size",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_scope_size_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "scope", "day", name=op.f("pk_scope_size")),
    )
    op.create_table(
        "claim_key",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_key_claim_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("kind", "key", "claim_id", name=op.f("pk_claim_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_claim_key_claim_id"), "claim_key", ["claim_id"], unique=False)
    op.create_table(
        "credit",
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("artist_claim_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("join", sa.Text(), server_default="", nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(["artist_claim_id"], ["claim.id"], name=op.f("fk_credit_artist_claim_id")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_credit_claim_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("claim_id", "position", name=op.f("pk_credit")),
    )
    op.create_index(op.f("ix_credit_artist_claim_id"), "credit", ["artist_claim_id"], unique=False)
    op.create_table(
        "dirty",
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_dirty_claim_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_dirty")),
    )
    op.create_table(
        "link",
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("component", sa.Integer(), nullable=False),
        sa.Column("to_claim", sa.Integer(), nullable=True),
        sa.Column("points", sa.Float(), nullable=True),
        sa.Column("decided_by", sa.String(length=10), server_default="rule", nullable=False),
        sa.Column("evidence", sa.Text(), server_default="[]", nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_link_claim_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_link")),
    )
    op.create_index(op.f("ix_link_component"), "link", ["component"], unique=False)
    op.create_index(op.f("ix_link_item_id"), "link", ["item_id"], unique=False)
    op.create_table(
        "play_total",
        sa.Column("listener_id", sa.Integer(), nullable=False),
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column("plays", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_play_total_claim_id")),
        sa.ForeignKeyConstraint(
            ["listener_id"], ["listener.id"], name=op.f("fk_play_total_listener_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("listener_id", "claim_id", name=op.f("pk_play_total")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_play_total_claim_id"), "play_total", ["claim_id"], unique=False)
    op.create_table(
        "report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("listener_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("leads", sa.Boolean(), server_default="1", nullable=False),
        sa.Column("listen_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_report_account_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_report_claim_id")),
        sa.ForeignKeyConstraint(
            ["listener_id"], ["listener.id"], name=op.f("fk_report_listener_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint("account_id", "key", name=op.f("uq_report_account_id_key")),
    )
    op.create_index(op.f("ix_report_claim_id_at"), "report", ["claim_id", "at"], unique=False)
    op.create_index(op.f("ix_report_listen_id"), "report", ["listen_id"], unique=False)
    op.create_table(
        "run_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_line_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_line")),
    )
    op.create_index(op.f("ix_run_line_run_id_id"), "run_line", ["run_id", "id"], unique=False)
    for name, column in (("plays", "plays"), ("added", "added_at"), ("heard", "last_heard")):
        op.create_index(f"ix_shelf_{name}", "shelf", ["listener_id", "kind", sa.text(f"{column} DESC"), "item_id"])
    op.create_index("ix_report_listens", "report", ["listener_id", sa.text("at DESC")], sqlite_where=sa.text("leads"))
    op.execute(
        "CREATE VIRTUAL TABLE find USING fts5(kind UNINDEXED, item_id UNINDEXED, words, "
        "prefix='1 2 3', tokenize='unicode61 remove_diacritics 0')"
    )
