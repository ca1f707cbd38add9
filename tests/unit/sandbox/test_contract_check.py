"""The contract check, on a description made here."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from xerus_sandbox import contract

SPEC = "jira-cloud-platform-v3.openapi.json"
THING = {
    "type": "object",
    "required": ["id"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string"},
        "note": {"type": "string", "nullable": True},
        "body": {},
    },
}
ADF = {
    "type": "object",
    "properties": {"content": {"type": "array", "items": {"required": ["marks"]}}},
}


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    reference = {"schema": {"$ref": "#/components/schemas/Thing"}}
    found = {"200": {"content": {"application/json": reference}}, "204": {"description": "empty"}}
    document = {
        "paths": {"/rest/api/3/thing/{id}": {"get": {"responses": found}}},
        "components": {"schemas": {"Thing": THING}},
    }
    folder = tmp_path / "specs"
    folder.mkdir()
    (folder / SPEC).write_bytes(orjson.dumps(document))
    for name in ("adf-full.schema.json", "adf-stage-0.schema.json"):
        (folder / name).write_bytes(orjson.dumps(ADF))
    return folder


def problems(specs: Path, **changes: Any) -> list[str]:
    answer = {
        "spec": SPEC,
        "method": "GET",
        "path_template": "/rest/api/3/thing/{id}",
        "status": 200,
        "request_body": None,
        "response_headers": {},
        "body": {"id": "1", "note": None},
        "fault": False,
        **changes,
    }
    record = specs.parent / "record"
    record.mkdir(exist_ok=True)
    (record / "answers-1.jsonl").write_bytes(orjson.dumps(answer) + b"\n")
    return contract.check_folder(specs, record).violations


def test_good_answers_pass(specs: Path) -> None:
    assert problems(specs) == []
    assert problems(specs, status=204, body=None) == []


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"body": {"note": "x"}}, "'id' is a required property"),
        ({"body": {"id": 1}}, "is not of type 'string'"),
        ({"body": {"id": "1", "more": 1}}, "'more' was unexpected"),
        ({"body": None}, "the body is missing"),
        ({"status": 418}, "status 418 is not described"),
        ({"method": "POST"}, "no such operation"),
        ({"body": {"id": "1", "body": {"type": "doc", "content": [{}]}}}, "not valid ADF"),
    ],
)
def test_bad_answers_are_named(specs: Path, change: dict[str, Any], part: str) -> None:
    assert any(part in problem for problem in problems(specs, **change))


@pytest.mark.parametrize("change", [{"status": 429}, {"fault": True, "status": 418, "body": 1}])
def test_exemptions_pass(specs: Path, change: dict[str, Any]) -> None:
    assert problems(specs, **change) == []


def test_exit_code_tells_the_outcome(specs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = specs.parent / "record"
    arguments = ["--specs", str(specs), "--record", str(record)]
    assert contract.main(arguments) == 1
    problems(specs)
    assert contract.main(arguments) == 0
    problems(specs, status=418)
    assert contract.main(arguments) == 1
    assert "VIOLATION" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("endpoint", "change", "outcome"),
    [
        ("GET /rest/api/3/thing/{thingIdOrKey}", {}, 0),
        ("GET /rest/api/3/thing/{thingIdOrKey}", {"fault": True}, 1),
        ("GET /rest/api/3/thing/{thingIdOrKey}", {"status": 429}, 1),
        ("GET /rest/api/3/thing/{thingIdOrKey}", {"deployment": "dc"}, 1),
        ("POST /rest/api/3/thing/{thingIdOrKey}", {}, 1),
    ],
)
def test_a_declared_endpoint_without_a_successful_answer_is_listed(
    specs: Path,
    capsys: pytest.CaptureFixture[str],
    endpoint: str,
    change: dict[str, Any],
    outcome: int,
) -> None:
    problems(specs, **{"deployment": "cloud", **change})
    declared = specs.parent / "declared.json"
    line = {"by": "get_thing", "deployment": "cloud", "endpoint": endpoint}
    declared.write_bytes(orjson.dumps([line]))
    paths = ["--specs", str(specs), "--record", str(specs.parent / "record")]
    assert contract.main([*paths, "--declared", str(declared)]) == outcome
    shown = f"UNEXERCISED cloud {endpoint} (get_thing)" in capsys.readouterr().out
    assert shown is bool(outcome)
