"""Audit events in the Open Cybersecurity Schema Framework, for a SIEM that reads it.

Three classes say what happened to identities (Authentication, Account Change, Entity Management)
and one what was called (API Activity); each event of `events.Event` has its row in `_KINDS`.
Source: schema.ocsf.io, version 1.4.0, without extensions and profiles.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any

from xerus import __version__
from xerus.audit.events import Event

SCHEMA = "1.4.0"

_ACCOUNT_CHANGE, _AUTHENTICATION, _ENTITY_MANAGEMENT, _API_ACTIVITY = 3001, 3002, 3004, 6003
_OTHER = 99
_INFORMATIONAL, _LOW, _HIGH = 1, 2, 4
_SUCCESS, _FAILURE = 1, 2
_EFFECTS = MappingProxyType({"create": 1, "read": 2, "update": 3, "delete": 4})
# These are told by attributes of their own, so they are not repeated under `unmapped`.
_TOLD = frozenset(
    {"correlation_id", "address", "tool", "session", "target", "page", "cause", "person"}
)


@dataclass(frozen=True)
class _Kind:
    """How one event is told: its class, the number of what was done, and what it was done to."""

    class_uid: int
    activity: int
    subject: str
    good: bool = True
    severity: int = _INFORMATIONAL


def _signing(activity: int, service: str, *, good: bool = True, severity: int = 0) -> _Kind:
    return _Kind(_AUTHENTICATION, activity, service, good, _graded(severity, good=good))


def _managing(activity: int, entity: str, *, good: bool = True, severity: int = 0) -> _Kind:
    return _Kind(_ENTITY_MANAGEMENT, activity, entity, good, _graded(severity, good=good))


def _calling(activity: int, operation: str = "", *, good: bool = True) -> _Kind:
    return _Kind(_API_ACTIVITY, activity, operation, good, _graded(0, good=good))


def _graded(severity: int, *, good: bool) -> int:
    return severity or (_INFORMATIONAL if good else _LOW)


_CREATE, _READ, _UPDATE, _DELETE = 1, 2, 3, 4
_LOGON, _LOGOFF, _TICKET, _RENEWAL = 1, 2, 4, 5
_CLIENT, _CONSENT, _GRANT = "OAuth client", "Consent", "Grant of an MCP client"
_CONNECTION = "Connection to Atlassian"
_SERVER, _HANDING = "MCP server", "Handing of Atlassian tokens to an MCP server"

_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        Event.SESSION_CREATED: _signing(_LOGON, "Xerus"),
        Event.SESSION_ENDED: _signing(_LOGOFF, "Xerus"),
        Event.SIGNIN_REFUSED: _signing(_LOGON, "Xerus", good=False),
        Event.PERSON_REMOVED: _Kind(_ACCOUNT_CHANGE, 6, "Xerus"),
        Event.PERSON_DISABLED: _Kind(_ACCOUNT_CHANGE, 5, "Xerus"),
        Event.PERSON_ENABLED: _Kind(_ACCOUNT_CHANGE, 2, "Xerus"),
        Event.PERSON_SIGNED_OUT: _Kind(_ACCOUNT_CHANGE, _OTHER, "Xerus"),
        Event.PERSON_CLIENTS_ENDED: _Kind(_ACCOUNT_CHANGE, _OTHER, "Xerus"),
        Event.PERSON_DISCONNECTED: _Kind(_ACCOUNT_CHANGE, _OTHER, "Xerus"),
        Event.REGISTRATION_CREATED: _managing(_CREATE, _CLIENT),
        Event.REGISTRATION_CHANGED: _managing(_UPDATE, _CLIENT),
        Event.REGISTRATION_REFUSED: _managing(_CREATE, _CLIENT, good=False),
        Event.REGISTRATION_REMOVED: _managing(_DELETE, _CLIENT),
        Event.SECRET_REPLACED: _managing(_UPDATE, _CLIENT),
        Event.CLIENT_CONSENT_SHOWN: _managing(_READ, _CONSENT),
        Event.CLIENT_CONSENT_APPROVED: _managing(_CREATE, _CONSENT),
        Event.CLIENT_CONSENT_DENIED: _managing(_CREATE, _CONSENT, good=False),
        Event.CLIENT_CONSENT_REMEMBERED: _managing(_UPDATE, _CONSENT),
        Event.CLIENT_CONSENT_SKIPPED: _managing(_READ, _CONSENT),
        Event.CLIENT_CONSENT_FORGOTTEN: _managing(_DELETE, _CONSENT),
        Event.AUTHORIZATION_REFUSED: _signing(_TICKET, "Xerus", good=False),
        Event.CODE_ISSUED: _managing(_CREATE, "Authorization code"),
        Event.CODE_REPLAYED: _signing(_TICKET, "Xerus", good=False, severity=_HIGH),
        Event.TOKEN_ISSUED: _signing(_TICKET, "Xerus"),
        Event.TOKEN_REFRESHED: _signing(_RENEWAL, "Xerus"),
        Event.TOKEN_REPLAYED: _signing(_RENEWAL, "Xerus", good=False, severity=_HIGH),
        Event.TOKEN_REFUSED: _signing(_TICKET, "Xerus", good=False),
        Event.FAMILY_REVOKED: _managing(_DELETE, _GRANT),
        Event.CONNECTION_CONSENT_STARTED: _managing(_READ, _CONSENT),
        Event.CONNECTION_CONSENT_DENIED: _managing(_CREATE, _CONSENT, good=False),
        Event.CONNECTION_CONSENT_FAILED: _managing(_CREATE, _CONSENT, good=False),
        Event.ACCOUNT_CONNECTED: _managing(_CREATE, _CONNECTION),
        Event.ACCOUNT_REPLACED: _managing(_UPDATE, _CONNECTION),
        Event.ACCOUNT_DISCONNECTED: _managing(_DELETE, _CONNECTION),
        Event.CONNECTION_CHECKED: _managing(_READ, _CONNECTION),
        Event.SITE_CHOSEN: _managing(_UPDATE, _CONNECTION),
        Event.CREDENTIAL_REFRESHED: _signing(_RENEWAL, "Atlassian"),
        Event.CREDENTIAL_REFRESH_FAILED: _signing(_RENEWAL, "Atlassian", good=False),
        Event.CREDENTIAL_EXPIRED: _signing(_RENEWAL, "Atlassian", good=False),
        Event.RENEWALS_PAUSED: _signing(_RENEWAL, "Atlassian", good=False),
        Event.RENEWALS_RESUMED: _signing(_RENEWAL, "Atlassian"),
        Event.SERVER_ADDED: _managing(_CREATE, _SERVER),
        Event.SERVER_CHANGED: _managing(_UPDATE, _SERVER),
        Event.SERVER_ENABLED: _managing(_UPDATE, _SERVER),
        Event.SERVER_DISABLED: _managing(_UPDATE, _SERVER),
        Event.SERVER_REMOVED: _managing(_DELETE, _SERVER),
        Event.SERVER_TOKEN_HANDED: _managing(_CREATE, _HANDING, severity=_HIGH),
        Event.SERVER_TRUSTED: _managing(_UPDATE, _SERVER),
        Event.SERVER_DISTRUSTED: _managing(_UPDATE, _SERVER),
        Event.SERVER_TOKEN_KEPT: _managing(_DELETE, _HANDING),
        Event.CALL_STARTED: _calling(_OTHER),
        Event.CALL_FINISHED: _calling(_OTHER),
        Event.CALL_REFUSED: _calling(_OTHER, good=False),
        Event.REMOTE_STARTED: _calling(_OTHER),
        Event.REMOTE_FINISHED: _calling(_OTHER),
        Event.APPROVAL_ASKED: _calling(_OTHER),
        Event.APPROVAL_APPROVED: _calling(_OTHER),
        Event.APPROVAL_DECLINED: _calling(_OTHER, good=False),
        Event.APPROVAL_EXPIRED: _calling(_OTHER, good=False),
        Event.CONVERSATION_DELETED: _managing(_DELETE, "Conversation"),
        Event.CONVERSATION_EXPORTED: _managing(_READ, "Conversation"),
        Event.CONVERSATIONS_REMOVED: _managing(_DELETE, "Conversations past their days"),
        Event.APPROVAL_EDITED: _calling(_OTHER),
        Event.APPROVAL_WAIVED: _calling(_OTHER),
        Event.POLICY_SET: _managing(_UPDATE, "Tool policy"),
        Event.POLICIES_RESET: _managing(_DELETE, "Tool policies"),
        Event.CALL_HELD: _calling(_OTHER),
        Event.CALL_RESUMED: _calling(_OTHER),
        Event.CALL_DROPPED: _calling(_OTHER, good=False),
        Event.ADMIN_PAGE_VIEWED: _calling(_READ),
        Event.ADMIN_PAGE_REFUSED: _calling(_READ, good=False),
        Event.KEYS_ROTATED: _managing(_UPDATE, "Keys"),
        Event.LOG_READ: _calling(_READ, "audit read"),
        Event.LOG_EXPORTED: _calling(_READ, "audit export"),
        Event.LOG_REMOVED: _calling(_DELETE, "audit retention"),
        Event.LOG_VERIFIED: _calling(_READ, "audit verify"),
    }
)


def from_exported(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event of `AuditLog.export` as OCSF.

    `metadata.uid` is its place in the log, and `unmapped` has its keyed hash and all facts that
    have no attribute of their own, so that nothing of the log is lost.
    """
    kind, facts = _KINDS[row["event"]], row["facts"]
    activity = _EFFECTS.get(str(facts.get("effect")), kind.activity)
    told: dict[str, Any] = {
        "activity_id": activity,
        "category_uid": kind.class_uid // 1000,
        "class_uid": kind.class_uid,
        "type_uid": kind.class_uid * 100 + activity,
        "time": _milliseconds(row["at"]),
        "message": row["event"],
        "metadata": _metadata(row),
        **_outcome(kind, facts),
        **_of_class(kind, row),
        "unmapped": {
            "mac": row["mac"],
            **{name: value for name, value in facts.items() if name not in _TOLD},
        },
    }
    if activity == _OTHER:
        told["activity_name"] = row["event"]
    if isinstance(facts.get("cause"), str):
        told["status_detail"] = facts["cause"]
    return told


def _metadata(row: Mapping[str, Any]) -> dict[str, Any]:
    known = {
        "version": SCHEMA,
        "product": {"name": "Xerus", "vendor_name": "Xerus", "version": __version__},
        "event_code": row["event"],
        "log_name": "audit",
        "uid": f"{row['shard']}-{row['n']}",
        "sequence": row["n"],
    }
    correlation = row["facts"].get("correlation_id")
    return known | ({"correlation_uid": correlation} if correlation else {})


def _outcome(kind: _Kind, facts: Mapping[str, Any]) -> dict[str, int]:
    """Return status and severity; a call that ended in anything but `ok` has failed."""
    good = kind.good and facts.get("outcome", "ok") in {"ok", "sound", "started"}
    severity = kind.severity if good == kind.good else _LOW
    return {"status_id": _SUCCESS if good else _FAILURE, "severity_id": severity}


def _of_class(kind: _Kind, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the class of the event requires, and what it recommends as far as it is known."""
    facts, user = row["facts"], _user(row["user_id"])
    source = _source(facts)
    match kind.class_uid:
        case 3001:
            return {"user": _user(str(facts.get("person"))), "actor": {"user": user}, **source}
        case 3002:
            session = {"session": {"uid": str(facts["session"])}} if facts.get("session") else {}
            return {"user": user, "service": {"name": kind.subject}, **session, **source}
        case 3004:
            return {"entity": _entity(kind, facts), "actor": {"user": user}, **source}
        case _:
            client = {"src_endpoint": {"name": str(facts.get("client") or "unknown")}}
            return {"actor": {"user": user}, **client, **source, **_call(kind, facts)}


def _entity(kind: _Kind, facts: Mapping[str, Any]) -> dict[str, str]:
    name = facts.get("client_name") or facts.get("account") or kind.subject
    uid = facts.get("connection") or facts.get("family") or facts.get("client")
    return {"type": kind.subject, "name": str(name)} | ({"uid": str(uid)} if uid else {})


def _call(kind: _Kind, facts: Mapping[str, Any]) -> dict[str, Any]:
    page = f"GET {facts.get('page', '')}".strip()
    told: dict[str, Any] = {"api": {"operation": str(kind.subject or facts.get("tool") or page)}}
    return told | ({"resources": [{"name": str(facts["target"])}]} if facts.get("target") else {})


def _user(user_id: str | None) -> dict[str, str]:
    return {"uid": user_id} if user_id else {"name": "unknown"}


def _source(facts: Mapping[str, Any]) -> dict[str, Any]:
    address = facts.get("address")
    try:
        return {"src_endpoint": {"ip": str(ip_address(str(address)))}} if address else {}
    except ValueError:
        return {}


def _milliseconds(at: str) -> int:
    return round(datetime.fromisoformat(at).timestamp() * 1000)
