"""Every table, in the order in which data flows through them.

Times are whole seconds UTC since 1970 unless a column says otherwise; `*_ms` are milliseconds. JSON columns hold text.
A column named `listener_id` makes a row personal: queries on it always name the listener.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True)


# --- people and accounts ----------------------------------------------------------------------------------------------

listener = Table(
    "listener",
    metadata,
    _id(),
    Column("name", String(80), nullable=False, unique=True),
    Column("role", String(10), nullable=False),  # owner | member | leaving: until their accounts are erased
    Column("password", Text),  # argon2 hash; null: cannot sign in with a password
    Column("settings", Text, nullable=False, server_default="{}"),  # JSON, see aggregator.listeners.Preferences
    Column("feed_version", Integer, nullable=False, server_default="1"),  # raised to make the old feed address invalid
    Column("session_version", Integer, nullable=False, server_default="1"),  # raised to sign out everywhere
    Column("created_at", BigInteger, nullable=False),
)

account = Table(
    "account",
    metadata,
    _id(),
    Column("key", String(80), nullable=False, unique=True),  # stable name: orders ties, names it in config and CLI
    Column("provider", String(40), nullable=False),
    Column("name", String(120), nullable=False),
    Column("listener_id", ForeignKey("listener.id")),  # null: the household's
    Column("settings", Text, nullable=False, server_default="{}"),  # JSON without secrets
    Column("secrets", LargeBinary),  # encrypted JSON
    Column("pinned", Boolean, nullable=False, server_default="0"),  # stands in config.toml; not editable here
    Column("enabled", Boolean, nullable=False, server_default="1"),
    # ready | disabled | load error | settings error | needs the listener | backing off
    Column("state", String(20), nullable=False, server_default="ready"),
    Column("state_words", Text, nullable=False, server_default=""),
    Column("blocked_until", BigInteger),
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row; decides the pause
    Column("created_at", BigInteger, nullable=False),
    Column("archived_at", BigInteger),  # removed by its owner, who kept what it brought
)

invite = Table(  # a link, good once: it makes one new listener, or gives one that is there a new password
    "invite",
    metadata,
    _id(),
    Column("token_hash", String(64), nullable=False, unique=True),  # SHA-256; the token itself is in the link only
    Column("role", String(10), nullable=False),
    Column("renews", ForeignKey("listener.id", ondelete="CASCADE")),  # whose password; null: it makes a new listener
    Column("made_by", ForeignKey("listener.id", ondelete="CASCADE"), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_by", ForeignKey("listener.id", ondelete="SET NULL")),
    Column("ended_at", BigInteger),  # used or withdrawn
)

quota = Table(  # calls of long windows (a day, a month), so that a restart does not forget them
    "quota",
    metadata,
    Column("name", Text, primary_key=True),  # whom the service counts: address, key (hashed) or account
    Column("seconds", Float, primary_key=True),
    Column("since", BigInteger, nullable=False),  # start of the window
    Column("used", Integer, nullable=False),
)

cursor = Table(  # committed with the records before it
    "cursor",
    metadata,
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("capability", String(20), primary_key=True),
    Column("value", Text, nullable=False),
)

keep = Table(  # a provider's own key/value store (`self.state`)
    "keep",
    metadata,
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

run = Table(  # the queue of work and its history
    "run",
    metadata,
    _id(),
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE")),  # null: the steward's own work
    Column("what", String(20), nullable=False),  # library | shows | history | friends | merge | answers | artwork
    Column("state", String(10), nullable=False),  # queued | running | done | failed
    Column("asked_by", String(20), nullable=False),  # schedule | listener | start
    Column("queued_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("total", Integer),
    Column("doing", Text, nullable=False, server_default=""),
    Column("counts", Text, nullable=False, server_default="{}"),  # JSON: added changed removed held skipped seen …
    Column("complete", Boolean, nullable=False, server_default="0"),
    Column("error", String(20)),  # AuthFailed | RateLimited | Unavailable | BadData | bug
    Column("error_words", Text),
    Column("traceback", Text),
    Column("listener_id", ForeignKey("listener.id", ondelete="CASCADE")),  # whose list is made; null: everybody's
    Index(None, "state"),
    Index(None, "account_id", "what", "id"),
)

run_line = Table(  # what a provider logged and what it skipped; only the newest runs are kept
    "run_line",
    metadata,
    _id(),
    Column("run_id", ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("level", String(10), nullable=False),  # info | warning | error | skipped
    Column("line", Text, nullable=False),
    Index(None, "run_id", "id"),
)

run_change = Table(  # what a run changed, for the card's "41 added"; of the newest runs, and at most 1,000 each
    "run_change",
    metadata,
    Column("run_id", ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
    Column("claim_id", Integer, primary_key=True),
    Column("what", String(10), nullable=False),  # added | changed | removed | returned
)

held = Table(  # removals that wait for a listener's yes
    "held",
    metadata,
    _id(),
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("scope", Text, nullable=False),
    Column("items", Integer, nullable=False),  # how many claims would go
    Column("of", Integer, nullable=False),  # out of how many
    Column("reason", Text, nullable=False),
    Column("held_at", BigInteger, nullable=False),
    Column("decided_at", BigInteger),
    Column("decision", String(5)),  # yes | no | over: the service named it again, or a newer question took its place
    Index(None, "account_id", "decided_at"),
)

held_claim = Table(  # what a held removal would take away: a yes removes just this
    "held_claim",
    metadata,
    Column("held_id", ForeignKey("held.id", ondelete="CASCADE"), primary_key=True),
    Column("claim_id", Integer, primary_key=True),
    sqlite_with_rowid=False,
)

scope_size = Table(  # how many claims a complete scope had, per day of the last season; 0: it begins anew
    "scope_size",
    metadata,
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("day", Integer, primary_key=True),  # days since 1970
    Column("items", Integer, nullable=False),
)

# --- claims -----------------------------------------------------------------------------------------------------------

claim = Table(
    "claim",
    metadata,
    _id(),
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(10), nullable=False),  # artist | album | recording | show | holding | playlist | friend
    Column("pid", Text, nullable=False),  # the provider's id, or one made from the content
    Column("payload", Text, nullable=False),  # JSON of the record
    Column("previous", Text),  # the payload before the last change
    Column("scope", Text, nullable=False, server_default=""),
    Column("about", Integer),  # recording: its album claim; holding: what is held
    Column("present", Boolean, nullable=False, server_default="1"),
    Column("first_seen", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("absent_since", BigInteger),
    UniqueConstraint("account_id", "kind", "pid"),
    Index(None, "about"),
    Index("ix_claim_absent", "account_id", "kind", sqlite_where=text("present = 0")),
    Index("ix_claim_discovery", "account_id", "kind", sqlite_where=text("scope = 'discovery'")),
    sqlite_autoincrement=True,  # an address a listener kept must never lead to something else
)

credit = Table(  # who is credited by a claim; every credit is an artist claim
    "credit",
    metadata,
    Column("claim_id", ForeignKey("claim.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("artist_claim_id", ForeignKey("claim.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("join", Text, nullable=False, server_default=""),
    Column("role", String(10), nullable=False),
    Index(None, "artist_claim_id"),
)

claim_key = Table(  # blocking: only claims that share a key are ever compared
    "claim_key",
    metadata,
    Column("key", BigInteger, primary_key=True),  # see aggregator.library.neighbours.block
    Column("claim_id", ForeignKey("claim.id", ondelete="CASCADE"), primary_key=True),
    Index(None, "claim_id"),
    sqlite_with_rowid=False,
)

dirty = Table(  # claims whose items must be decided again; written with the change that made them so
    "dirty",
    metadata,
    Column("claim_id", ForeignKey("claim.id", ondelete="CASCADE"), primary_key=True),
)

# --- decisions and links ----------------------------------------------------------------------------------------------

decision = Table(
    "decision",
    metadata,
    _id(),
    Column("listener_id", ForeignKey("listener.id")),
    Column("kind", String(10), nullable=False),
    Column("verdict", String(10), nullable=False),  # same | different
    Column("words", Text, nullable=False, server_default=""),  # what was decided, for the history
    Column("at", BigInteger, nullable=False),
    Column("undone_at", BigInteger),
    # the decision it was made with and is undone with, which carries the words; null: that one
    Column("part_of", ForeignKey("decision.id", ondelete="CASCADE")),
    Column("ended_by", Integer),  # the decision that undid it, and whose undoing brings it back
    Column("undone_by", ForeignKey("listener.id")),  # who took it back
    Index(None, "part_of"),
    Index("ix_decision_ended_by", "ended_by", sqlite_where=text("ended_by IS NOT NULL")),
)

decision_claim = Table(  # "same": all on both sides are one item; "different": no one of side a is with one of side b
    "decision_claim",
    metadata,
    Column("decision_id", ForeignKey("decision.id", ondelete="CASCADE"), primary_key=True),
    Column("side", String(1), primary_key=True),  # a | b
    Column("account_key", String(80), primary_key=True),  # by name, so that a returning account finds its decisions
    Column("pid", Text, primary_key=True),
    Column("item", Integer),  # the item it belonged to then: what was one at the time; null: all of its side were
    Index(None, "account_key", "pid"),
)

link = Table(  # claim -> item; rows exist for every claim of the four clustered kinds
    "link",
    metadata,
    Column("claim_id", ForeignKey("claim.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("item_id", Integer, nullable=False),  # the smallest claim id of the cluster
    Column("component", Integer, nullable=False),  # smallest claim id reachable by "same"; decisions may cut it up
    Column("to_claim", Integer),  # the member it was joined through
    Column("points", Float),
    Column("decided_by", String(10), nullable=False, server_default="rule"),  # rule | listener
    Column("evidence", Text, nullable=False, server_default="[]"),  # JSON [{field, a, b, points}]
    Column("verdict", String(10), nullable=False, server_default=""),  # of the rules on it and `to_claim`
    Index(None, "item_id"),
    Index(None, "component"),
)

pick = Table(  # whose word on a field is shown, or a listener's own; the newest that holds wins over every rule
    "pick",
    metadata,
    _id(),
    Column("listener_id", ForeignKey("listener.id")),
    Column("kind", String(10), nullable=False),
    Column("field", String(12), nullable=False),
    Column("account_key", String(80), nullable=False),  # by name, like those of decisions
    Column("pid", Text, nullable=False),
    Column("words", Text, nullable=False, server_default=""),  # what was picked, for the history
    Column("at", BigInteger, nullable=False),
    Column("undone_at", BigInteger),
    Column("undone_by", ForeignKey("listener.id")),
    Column("value", Text),  # JSON: what the listener wrote; null: what the claim says
)

ordering = Table(  # what listeners said about whose word on a field comes first; the newest not taken back holds
    "ordering",
    metadata,
    _id(),
    Column("listener_id", ForeignKey("listener.id")),
    Column("kind", String(10), nullable=False),
    Column("field", String(12), nullable=False),
    Column("providers", Text, nullable=False),  # JSON list, the first before the second; empty: the usual order
    Column("at", BigInteger, nullable=False),
    Column("undone_at", BigInteger),
    Column("undone_by", ForeignKey("listener.id")),
)

precedence = Table(  # the order of providers that holds for a field, in the whole house, and how far it is carried out
    "precedence",
    metadata,
    Column("kind", String(10), primary_key=True),
    Column("field", String(12), primary_key=True),
    Column("providers", Text, nullable=False),  # JSON list, the first before the second; empty: the usual order
    Column("listener_id", ForeignKey("listener.id")),  # who said so last
    Column("at", BigInteger, nullable=False),
    Column("reached", Integer),  # items up to this number show it; null: all do
)

unsure = Table(  # pairs that only a listener can decide
    "unsure",
    metadata,
    Column("a", Integer, primary_key=True),  # claim ids, a < b
    Column("b", Integer, primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("points", Float, nullable=False),
    Column("evidence", Text, nullable=False),
    Index(None, "b"),
    Index(None, "kind"),
)

question = Table(  # unsure pairs as one listener is asked about them: once per pair of items, the weightiest first
    "question",
    metadata,
    Column("listener_id", ForeignKey("listener.id", ondelete="CASCADE"), primary_key=True),
    Column("item_a", Integer, primary_key=True),  # item_a < item_b; numbers of claims, so no two kinds share one
    Column("item_b", Integer, primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("claim_a", Integer, nullable=False),  # the likeliest pair of claims, one of each item
    Column("claim_b", Integer, nullable=False),
    Column("points", Float, nullable=False),
    Column("plays", Integer, nullable=False, server_default="0"),  # the listener's, of both
    Column("kept", Integer, nullable=False, server_default="0"),  # 2: one is loved, 1: one is owned, 3: both words hold
    Column("skipped", Boolean, nullable=False, server_default="0"),
    Index("ix_question_order", "listener_id", "skipped", text("plays DESC"), text("kept DESC"), text("points DESC"),
          "item_a", "item_b"),
    Index(None, "item_a"),
    Index(None, "item_b"),
    sqlite_with_rowid=False,
)  # fmt: skip

# --- items (all derived; may be rebuilt from claims and decisions at any time) ----------------------------------------

artist = Table(
    "artist",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("sort", Text, nullable=False),  # folded, without article
    Column("folded", Text, nullable=False),
    Column("ids", Text, nullable=False, server_default="{}"),
    Column("genres", Text, nullable=False, server_default="[]"),
    Column("art", String(64)),  # name in the artwork store
    Column("hue", Integer),
    Column("sources", Text, nullable=False),  # JSON [{account_id, …}] for the provenance line
    Index(None, "sort", "id"),
    Index(None, "folded"),
)

album = Table(
    "album",
    metadata,
    _id(),
    Column("title", Text, nullable=False),
    Column("sort", Text, nullable=False),
    Column("credit", Text, nullable=False),  # artists as credited, joined
    Column("artist_sort", Text, nullable=False),
    Column("year", Integer),
    Column("released", String(10)),
    Column("form", String(12), nullable=False),
    Column("tracks", Integer, nullable=False, server_default="0"),
    Column("ids", Text, nullable=False, server_default="{}"),
    Column("genres", Text, nullable=False, server_default="[]"),
    Column("art", String(64)),
    Column("hue", Integer),
    Column("sources", Text, nullable=False),
    Index(None, "sort", "id"),
    Index(None, "artist_sort", "year", "id"),
)

recording = Table(
    "recording",
    metadata,
    _id(),
    Column("title", Text, nullable=False),
    Column("sort", Text, nullable=False),
    Column("credit", Text, nullable=False),
    Column("artist_sort", Text, nullable=False),
    Column("album_id", Integer),  # the album it is shown with
    Column("album_title", Text),
    Column("seconds", Float),
    Column("audio_claim", Integer),  # the best owned copy, streamed from /stream/<claim>
    Column("ids", Text, nullable=False, server_default="{}"),
    Column("art", String(64)),
    Column("hue", Integer),
    Column("sources", Text, nullable=False),
    Index(None, "sort", "id"),
    Index(None, "artist_sort", "sort", "id"),
)

show = Table(
    "show",
    metadata,
    _id(),
    Column("title", Text, nullable=False),
    Column("day", String(10), nullable=False),  # at the venue
    Column("start", String(5)),  # HH:MM at the venue; null: hour unknown
    Column("until", String(10)),
    Column("zone", String(40)),
    Column("starts_at", BigInteger, nullable=False),  # instant; midnight at the venue when the hour is unknown
    Column("status", String(12), nullable=False),
    Column("festival", Boolean, nullable=False, server_default="0"),
    Column("venue", Text, nullable=False),
    Column("place", Text, nullable=False, server_default=""),  # city, region
    Column("latitude", Float),
    Column("longitude", Float),
    Column("detail", Text, nullable=False),  # JSON: address, doors, note, url, tickets by seller, image
    Column("sources", Text, nullable=False),
    Column("sequence", Integer, nullable=False, server_default="0"),  # RFC 5545; raised when the event changes
    Column("fingerprint", String(64), nullable=False),  # of what a calendar shows; a change raises `sequence`
    Column("modified_at", BigInteger, nullable=False),
    Column("gone_at", BigInteger),  # no present claim is left; kept as cancelled in feeds
    Index(None, "day", "id"),
)

item_credit = Table(  # artists of albums, recordings and shows, as items
    "item_credit",
    metadata,
    Column("kind", String(10), primary_key=True),
    Column("item_id", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("artist_id", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("join", Text, nullable=False, server_default=""),
    Column("role", String(10), nullable=False),
    Index(None, "artist_id", "kind"),
    sqlite_with_rowid=False,
)

shelf = Table(  # what one listener has of an item: the totals pages read
    "shelf",
    metadata,
    Column("listener_id", ForeignKey("listener.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(10), primary_key=True),  # artist | album | recording
    Column("item_id", Integer, primary_key=True),
    Column("owned", Boolean, nullable=False),  # a file, or said to be owned
    Column("saved", Boolean, nullable=False),  # saved, followed or loved in a service
    Column("service", Boolean, nullable=False),  # can be played in a connected service
    Column("loved", Boolean, nullable=False),
    Column("plays", Integer, nullable=False),
    Column("seconds", Integer, nullable=False, server_default="0"),
    Column("first_heard", BigInteger),
    Column("last_heard", BigInteger),
    Column("added_at", BigInteger),
    Index(None, "kind", "item_id"),
    Index("ix_shelf_plays", "listener_id", "kind", text("plays DESC"), "item_id"),
    Index("ix_shelf_added", "listener_id", "kind", text("added_at DESC"), "item_id"),
    Index("ix_shelf_heard", "listener_id", "kind", text("last_heard DESC"), "item_id"),
    sqlite_with_rowid=False,
)

tally = Table(  # sizes of a listener's library, for headings and filter chips
    "tally",
    metadata,
    Column("listener_id", ForeignKey("listener.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(10), primary_key=True),
    Column("total", Integer, nullable=False),
    Column("owned", Integer, nullable=False),
    Column("saved", Integer, nullable=False),
    Column("service", Integer, nullable=False),
    Column("heard", Integer, nullable=False),
)

# --- plays ------------------------------------------------------------------------------------------------------------

report = Table(  # what one source said was played; a listen is a group of reports, led by one of them
    "report",
    metadata,
    _id(),
    Column("listener_id", ForeignKey("listener.id", ondelete="CASCADE"), nullable=False),
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("key", Text, nullable=False),  # the provider's id of the play, or made from its content
    Column("at", BigInteger, nullable=False),  # start of the play
    Column("claim_id", ForeignKey("claim.id"), nullable=False),  # recording claim
    Column("seconds", Float),
    Column("leads", Boolean, nullable=False, server_default="1"),  # counts as the listen
    Column("listen_id", Integer),  # report id of the leader; null until grouped
    UniqueConstraint("account_id", "key"),
    Index("ix_report_listens", "listener_id", text("at DESC"), sqlite_where=text("leads")),
    Index(None, "claim_id", "at"),
    Index(None, "listen_id"),
)

play_total = Table(  # listens led by reports of one claim
    "play_total",
    metadata,
    Column("listener_id", ForeignKey("listener.id", ondelete="CASCADE"), primary_key=True),
    Column("claim_id", ForeignKey("claim.id"), primary_key=True),
    Column("plays", Integer, nullable=False),
    Column("seconds", Integer, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Index(None, "claim_id"),
    sqlite_with_rowid=False,
)

play_day = Table(  # listens per day, for the home page
    "play_day",
    metadata,
    Column("listener_id", ForeignKey("listener.id", ondelete="CASCADE"), primary_key=True),
    Column("day", Integer, primary_key=True),  # days since 1970, UTC
    Column("plays", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# --- a listener's own word: never touched by a sync -------------------------------------------------------------------

star = Table(
    "star",
    metadata,
    _id(),
    Column("listener_id", ForeignKey("listener.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("claim_id", Integer, nullable=False),
    Column("copy", Text, nullable=False),  # JSON {artist, title, album, seconds, isrc}: survives the claim
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("listener_id", "kind", "claim_id"),
)

feedback = Table(  # what a listener said of something that was, or might be, recommended
    "feedback",
    metadata,
    _id(),
    Column("listener_id", ForeignKey("listener.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(10), nullable=False),  # album | artist | recording
    Column("claim_id", Integer, nullable=False),
    Column("copy", Text, nullable=False),  # JSON: its names and what it is like, so that the word survives the claim
    Column("word", String(5), nullable=False),  # more | less | never | know
    Column("effect", Text, nullable=False, server_default=""),  # what the listener was told that it changed
    Column("at", BigInteger, nullable=False),
    Column("undone_at", BigInteger),
    Index(None, "listener_id", "undone_at"),
)

excluded = Table(  # what a listener keeps out of their taste: heard all the same, but it says nothing of them
    "excluded",
    metadata,
    _id(),
    Column("listener_id", ForeignKey("listener.id", ondelete="CASCADE"), nullable=False),
    Column("what", String(10), nullable=False),  # artist | album | playlist | hours | account
    Column("claim_id", Integer),  # of the artist, album or playlist
    Column("value", Text, nullable=False, server_default=""),  # hours: "20-6", the listener's; account: its key
    Column("name", Text, nullable=False),  # what it is called
    Column("effect", Text, nullable=False, server_default=""),  # what the listener was told that it changed
    Column("at", BigInteger, nullable=False),
    Column("undone_at", BigInteger),
    Index(None, "listener_id", "undone_at"),
)

uncounted = Table(  # derived from it: what of an artist or album does not count
    "uncounted",
    metadata,
    Column("listener_id", ForeignKey("listener.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(10), primary_key=True),  # artist | album
    Column("item_id", Integer, primary_key=True),
    Column("plays", Integer, nullable=False),
    Column("held", Boolean, nullable=False),  # nor that it is owned, saved or in a service
    Column("whole", Boolean, nullable=False),  # nor anything else of it
    sqlite_with_rowid=False,
)

stance = Table(  # follow or mute an artist, per topic
    "stance",
    metadata,
    _id(),
    Column("listener_id", ForeignKey("listener.id", ondelete="CASCADE"), nullable=False),
    Column("claim_id", Integer, nullable=False),  # an artist claim
    Column("copy", Text, nullable=False),
    Column("topic", String(10), nullable=False),  # shows | releases | news
    Column("word", String(6), nullable=False),  # follow | mute
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("listener_id", "claim_id", "topic"),
)

skip = Table(  # "ask me later": a question by one claim of each side, written from both so that either finds it
    "skip",
    metadata,
    Column("account_key", String(80), primary_key=True),  # by name, as in decision_claim
    Column("pid", Text, primary_key=True),
    Column("kind", String(10), primary_key=True),
    Column("other_key", String(80), primary_key=True),
    Column("other_pid", Text, primary_key=True),
    Column("listener_id", ForeignKey("listener.id", ondelete="CASCADE"), primary_key=True),
    Index(None, "listener_id"),
    sqlite_with_rowid=False,
)

# --- what services answered -------------------------------------------------------------------------------------------

answer = Table(
    "answer",
    metadata,
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("method", String(20), primary_key=True),  # of Discovery, Friends and LiveSearch
    Column("argument", Text, primary_key=True),  # folded name, tag or text, or the friend's id; empty for a chart
    Column("payload", Text, nullable=False),  # JSON list
    Column("fetched_at", BigInteger, nullable=False),  # when the payload came
    Column("expires_at", BigInteger, nullable=False),
    Column("error", Text),  # of the last try, where it brought nothing to believe
    Column("asked_at", BigInteger, nullable=False, server_default="0"),  # the last try
    Index(None, "expires_at"),
)

recommended = Table(  # the list as last computed
    "recommended",
    metadata,
    Column("listener_id", ForeignKey("listener.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(10), primary_key=True),  # album | artist | own | song | taste
    Column("rank", Integer, primary_key=True),
    Column("item_id", Integer, nullable=False),
    Column("score", Float, nullable=False),
    Column("reasons", Text, nullable=False),  # JSON list of reasons, see aggregator.recommendations
    Column("traits", Text, nullable=False, server_default="{}"),  # JSON: what it is like, see the same
    Column("made_at", BigInteger, nullable=False),
)

seen = Table(  # on how many days a listener was shown an item among recommendations
    "seen",
    metadata,
    Column("listener_id", ForeignKey("listener.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(10), primary_key=True),
    Column("item_id", Integer, primary_key=True),
    Column("days", Integer, nullable=False),
    Column("last", Integer, nullable=False),  # the last such day, counted from year 1
    sqlite_with_rowid=False,
)

art = Table(  # pictures fetched once; the file is <data>/artwork/<name>
    "art",
    metadata,
    Column("source", Text, primary_key=True),  # address, or account and path
    Column("name", String(64)),  # null: no picture there
    Column("hue", Integer),
    Column("fetched_at", BigInteger, nullable=False),
    Column("error", Text),
)
