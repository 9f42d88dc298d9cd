"""The tables. Moments are integers: milliseconds since 1970 UTC, the same in both databases."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    false,
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

users = Table(
    "users",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("inbox_id", String(36), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("user_id", String(36), ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("device", String(100), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger, nullable=False, index=True),
    Column("ended_at", BigInteger),
    # The refresh rotation, see domain/refresh.py.
    Column("refresh_base", String(43), nullable=False),
    Column("refresh_next", String(43), nullable=False),
    Column("refresh_issued_at", BigInteger, nullable=False),
    Column("refresh_confirmed", Boolean, nullable=False, server_default=false()),
)

spaces = Table(
    "spaces",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("owner_id", String(36), ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("epoch", String(36), nullable=False),
    Column("head", BigInteger, nullable=False, server_default=text("0")),
    Column("min_seq", BigInteger, nullable=False, server_default=text("0")),
)

members = Table(
    "members",
    metadata,
    Column("space_id", String(36), ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", String(36), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True),
)

tasks = Table(
    "tasks",
    metadata,
    Column("space_id", String(36), ForeignKey("spaces.id", ondelete="CASCADE"), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("user_id", String(36), nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("priority", String(8), nullable=False),
    Column("completed", Boolean, nullable=False),
    Column("completed_at", BigInteger),
    Column("due_date", Date),
    Column("due_at", BigInteger),
    Column("due_zone", String(64)),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    # A tombstone keeps its row (SP4), so that a deleted task can be restored as it was.
    Column("deleted_at", BigInteger),
    Index("ix_tasks_space_seq", "space_id", "seq", unique=True),
    Index(
        "ix_tasks_deleted_at",
        "deleted_at",
        sqlite_where=text("deleted_at IS NOT NULL"),
        postgresql_where=text("deleted_at IS NOT NULL"),
    ),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("event", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("user_id", String(36), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False, index=True),
)

key_fingerprints = Table(
    "key_fingerprints",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
)

throttle = Table(
    "throttle",
    metadata,
    Column("key", String(80), primary_key=True),
    # The theoretical arrival time of the GCRA, in seconds since 1970.
    Column("arrival", Float(53), nullable=False, index=True),
)
