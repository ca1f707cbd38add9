"""Administrators search the audit log: each filter follows an index in order of time."""

from alembic import op

revision = "0026"
down_revision = "0025"

_INDEXES = {
    # `n > 0` holds for all: a query gets this index by saying so, and never by mistake.
    "audit_events_at": "(at) WHERE n > 0",
    # Without what the log is full of (`audit.search.COMMON`): that is found by reading along.
    "audit_events_event": "(event, at) WHERE event NOT IN"
    " ('tool:call:started', 'tool:call:finished', 'grant:token:refreshed')",
    # `audit.search.FAILING`
    "audit_events_failed": "(at) WHERE (event LIKE '%refused' OR event LIKE '%failed'"
    " OR event LIKE '%replayed' OR event LIKE '%expired'"
    " OR coalesce(facts ->> 'outcome', 'ok') NOT IN ('ok', 'sound', 'started'))",
    **{
        f"audit_events_{name}": f"((facts ->> '{name}'), at) WHERE (facts ->> '{name}') IS NOT NULL"
        for name in ("tool", "client", "target", "correlation_id", "trace_id")
    },
}


def upgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    for name, what in _INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON audit_events {what}")
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE xerus_owner")
    for name in _INDEXES:
        op.execute(f"DROP INDEX {name}")
    op.execute("RESET ROLE")
