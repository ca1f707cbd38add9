"""The closed list of audit events, `subject:object:action`, and the facts each may carry."""

from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

Fact: TypeAlias = str | int | bool | None

_LONGEST = 300


class Event(StrEnum):
    """What can be written to the audit log."""

    SESSION_CREATED = "account:session:created"
    SESSION_ENDED = "account:session:ended"
    SIGNIN_REFUSED = "account:signin:refused"
    PERSON_REMOVED = "account:person:removed"
    PERSON_DISABLED = "account:person:disabled"
    PERSON_ENABLED = "account:person:enabled"
    PERSON_SIGNED_OUT = "account:person:signed_out"
    PERSON_CLIENTS_ENDED = "account:person:clients_ended"
    PERSON_DISCONNECTED = "account:person:disconnected"
    REGISTRATION_CREATED = "client:registration:created"
    REGISTRATION_CHANGED = "client:registration:changed"
    REGISTRATION_REFUSED = "client:registration:refused"
    REGISTRATION_REMOVED = "client:registration:removed"
    SECRET_REPLACED = "client:secret:replaced"  # noqa: S105 - a name
    CLIENT_CONSENT_SHOWN = "client:consent:shown"
    CLIENT_CONSENT_APPROVED = "client:consent:approved"
    CLIENT_CONSENT_DENIED = "client:consent:denied"
    CLIENT_CONSENT_REMEMBERED = "client:consent:remembered"
    CLIENT_CONSENT_SKIPPED = "client:consent:skipped"
    CLIENT_CONSENT_FORGOTTEN = "client:consent:forgotten"
    AUTHORIZATION_REFUSED = "grant:authorization:refused"
    CODE_ISSUED = "grant:code:issued"
    CODE_REPLAYED = "grant:code:replayed"
    TOKEN_ISSUED = "grant:token:issued"  # noqa: S105 - a name
    TOKEN_REFRESHED = "grant:token:refreshed"  # noqa: S105 - a name
    TOKEN_REPLAYED = "grant:token:replayed"  # noqa: S105 - a name
    TOKEN_REFUSED = "grant:token:refused"  # noqa: S105 - a name
    FAMILY_REVOKED = "grant:family:revoked"
    CONNECTION_CONSENT_STARTED = "connection:consent:started"
    CONNECTION_CONSENT_DENIED = "connection:consent:denied"
    CONNECTION_CONSENT_FAILED = "connection:consent:failed"
    ACCOUNT_CONNECTED = "connection:account:connected"
    ACCOUNT_REPLACED = "connection:account:replaced"
    ACCOUNT_DISCONNECTED = "connection:account:disconnected"
    CONNECTION_CHECKED = "connection:health:checked"
    SITE_CHOSEN = "connection:site:chosen"
    CREDENTIAL_REFRESHED = "connection:credential:refreshed"
    CREDENTIAL_REFRESH_FAILED = "connection:credential:refresh_failed"
    CREDENTIAL_EXPIRED = "connection:credential:expired"
    RENEWALS_PAUSED = "connection:renewals:paused"
    RENEWALS_RESUMED = "connection:renewals:resumed"
    SERVER_ADDED = "server:registration:added"
    SERVER_CHANGED = "server:registration:changed"
    SERVER_ENABLED = "server:registration:enabled"
    SERVER_DISABLED = "server:registration:disabled"
    SERVER_REMOVED = "server:registration:removed"
    SERVER_TOKEN_HANDED = "server:atlassian_token:handed"  # noqa: S105 - a name
    SERVER_TRUSTED = "server:annotations:trusted"
    SERVER_DISTRUSTED = "server:annotations:distrusted"
    SERVER_TOKEN_KEPT = "server:atlassian_token:kept"  # noqa: S105 - a name
    CALL_STARTED = "tool:call:started"
    CALL_FINISHED = "tool:call:finished"
    CALL_REFUSED = "tool:call:refused"
    REMOTE_STARTED = "remote:call:started"
    REMOTE_FINISHED = "remote:call:finished"
    APPROVAL_ASKED = "assistant:approval:asked"
    APPROVAL_APPROVED = "assistant:approval:approved"
    APPROVAL_DECLINED = "assistant:approval:declined"
    APPROVAL_EXPIRED = "assistant:approval:expired"
    CONVERSATION_DELETED = "assistant:conversation:deleted"
    CONVERSATION_EXPORTED = "assistant:conversation:exported"
    CONVERSATIONS_REMOVED = "assistant:conversations:removed"
    APPROVAL_EDITED = "assistant:approval:edited"
    APPROVAL_WAIVED = "assistant:approval:waived"
    POLICY_SET = "assistant:policy:set"
    POLICIES_RESET = "assistant:policies:reset"
    CALL_HELD = "assistant:call:held"
    CALL_RESUMED = "assistant:call:resumed"
    CALL_DROPPED = "assistant:call:dropped"
    ADMIN_PAGE_VIEWED = "admin:page:viewed"
    ADMIN_PAGE_REFUSED = "admin:page:refused"
    KEYS_ROTATED = "keys:rotation:finished"
    LOG_READ = "audit:log:read"
    LOG_EXPORTED = "audit:log:exported"
    LOG_REMOVED = "audit:log:removed"
    LOG_VERIFIED = "audit:log:verified"


# Facts that any event may carry: who it came from, and why it ended as it did.
ALWAYS = frozenset(
    {
        *{"correlation_id", "trace_id", "address", "user_agent_family", "client", "client_name"},
        *{"cause", "outcome"},
    }
)
BY_SUBJECT = MappingProxyType(
    {
        "account": {"session", "tenant", "provider", "person", "place"},
        "client": {"redirect_host", "scopes", "kind"},
        "grant": {"redirect_host", "scopes", "family", "token", "generation", "resource"},
        "connection": {
            *{"connection", "account", "account_id", "site", "cloud_id", "scopes", "flow"},
            *{"generation", "status", "latency_ms", "expires_at", "previous_account", "link"},
            "server",
        },
        "server": {"server", "host", "kind"},
        "tool": {
            *{"tool", "target", "effect", "status", "latency_ms", "credential", "account", "site"},
            *{"bytes", "scopes", "call"},
        },
        "assistant": {
            *{"tool", "target", "call", "conversation", "arguments_hash", "expires_at", "edited"},
            *{"server", "policy", "tools", "conversations", "form", "before"},
        },
        "remote": {
            *{"server", "host", "tool", "effect", "latency_ms", "call", "arguments_hash"},
        },
        "admin": {"page", "person"},
        "keys": {"signing_key", "sealed"},
        "audit": {"events", "from", "to", "form", "shard", "n", "filters", "whose"},
    }
)
FIELDS = MappingProxyType(
    {event: ALWAYS | frozenset(BY_SUBJECT[event.split(":", 1)[0]]) for event in Event}
)


def checked(event: Event, facts: dict[str, Fact]) -> dict[str, Fact]:
    """Return the facts as they are stored: only allowed names, texts of bounded length.

    Raises:
        ValueError: a fact that this event may not carry: a mistake in the calling code.
        TypeError: a value that is neither text, whole number, truth value nor None.
    """
    unknown = facts.keys() - FIELDS[event]
    if unknown:
        raise ValueError(f"{event} may not carry {', '.join(sorted(unknown))}")
    return {name: _stored(name, value) for name, value in facts.items()}


def _stored(name: str, value: Fact) -> Fact:
    match value:
        case str():
            # PostgreSQL's jsonb holds neither U+0000 nor half of a surrogate pair.
            clean = value.replace("\x00", "\N{REPLACEMENT CHARACTER}")
            return clean.encode("utf-8", "replace").decode()[:_LONGEST]
        case bool() | int() | None:
            return value
        case _:
            raise TypeError(f"the fact {name} is a {type(value).__name__}")
