"""Each event in OCSF's own schema: what an exporter promises a SIEM."""

from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from xerus.audit import ocsf
from xerus.audit.events import FIELDS, Event, Fact

NEWEST = "1.8.0"
_VALUES: dict[str, Fact] = {
    "address": "203.0.113.7",
    "correlation_id": "4f9c21ab07de",
    "effect": "delete",
    "outcome": "ok",
    "latency_ms": 12,
    "status": 200,
}


@cache
def _schema(version: str) -> OcsfJsonSchemaEmbedded:
    return OcsfJsonSchemaEmbedded(get_ocsf_schema(version=version))


@cache
def _validator(version: str, class_uid: int) -> Draft202012Validator:
    schema = _schema(version)
    name = schema.lookup_class_name_from_uid(class_uid=class_uid)
    return Draft202012Validator(schema.get_class_schema(class_name=name))


def exported(event: Event, **facts: Fact) -> dict[str, Any]:
    return {
        "shard": 3,
        "n": 7,
        "at": "2026-11-22T10:00:00.123000+00:00",
        "event": event.value,
        "user_id": "u1",
        "facts": facts,
        "mac": "00ff",
    }


def every_fact(event: Event) -> dict[str, Fact]:
    return {name: _VALUES.get(name, "x") for name in FIELDS[event]}


@pytest.mark.parametrize("version", [ocsf.SCHEMA, NEWEST])
@pytest.mark.parametrize("event", list(Event))
def test_every_event_is_valid_with_all_facts_and_with_none(event: Event, version: str) -> None:
    for row in (
        exported(event, **every_fact(event)),
        exported(event),
        {**exported(event), "user_id": None},
        exported(event, address="no address"),
    ):
        told = ocsf.from_exported(row)
        errors = list(_validator(version, told["class_uid"]).iter_errors(told))
        assert not errors, [error.message for error in errors]
        assert told["type_uid"] == told["class_uid"] * 100 + told["activity_id"]
        assert told["category_uid"] == told["class_uid"] // 1000
        assert told["metadata"]["version"] == "1.4.0"


@pytest.mark.parametrize(
    ("row", "class_uid", "activity", "status"),
    [
        (exported(Event.SESSION_CREATED), 3002, 1, 1),
        (exported(Event.SESSION_ENDED), 3002, 2, 1),
        (exported(Event.SIGNIN_REFUSED), 3002, 1, 2),
        (exported(Event.CREDENTIAL_REFRESHED), 3002, 5, 1),
        (exported(Event.PERSON_REMOVED, person="u2"), 3001, 6, 1),
        (exported(Event.PERSON_DISABLED, person="u2"), 3001, 5, 1),
        (exported(Event.PERSON_ENABLED, person="u2"), 3001, 2, 1),
        (exported(Event.PERSON_SIGNED_OUT, person="u2"), 3001, 99, 1),
        (exported(Event.CLIENT_CONSENT_APPROVED), 3004, 1, 1),
        (exported(Event.ACCOUNT_DISCONNECTED), 3004, 4, 1),
        (exported(Event.CALL_FINISHED, effect="update", outcome="ok"), 6003, 3, 1),
        (exported(Event.CALL_FINISHED, effect="read", outcome="not_found"), 6003, 2, 2),
        (exported(Event.CALL_REFUSED), 6003, 99, 2),
        (exported(Event.ADMIN_PAGE_VIEWED, page="/admin"), 6003, 2, 1),
        (exported(Event.LOG_VERIFIED, outcome="tampered"), 6003, 2, 2),
    ],
)
def test_an_event_has_its_class_activity_and_status(
    row: dict[str, Any], class_uid: int, activity: int, status: int
) -> None:
    told = ocsf.from_exported(row)
    assert (told["class_uid"], told["activity_id"], told["status_id"]) == (
        class_uid,
        activity,
        status,
    )


def test_a_tool_call_names_person_tool_target_and_caller_and_loses_no_fact() -> None:
    told = ocsf.from_exported(
        exported(Event.CALL_FINISHED, tool="jira_get_issue", target="ENG-1", client="c", bytes=9)
    )
    assert told["api"]["operation"] == "jira_get_issue"
    assert told["actor"]["user"]["uid"] == "u1"
    assert told["resources"] == [{"name": "ENG-1"}]
    assert told["src_endpoint"] == {"name": "c"}
    assert told["metadata"]["uid"] == "3-7"
    assert told["unmapped"] == {"mac": "00ff", "client": "c", "bytes": 9}
