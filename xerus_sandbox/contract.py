"""Validates recorded answers of the sandbox against the vendors' own descriptions.

    python -m xerus_sandbox.contract --specs ../shared/specs --record DIR [--declared FILE]

Reads every `DIR/*.jsonl`, one answer per line: spec, deployment, method, path_template, status,
request_body, response_headers, body, fault. With `--declared` it also lists the declared endpoints
that no successful answer covers (see `exercised.py`). Checks that the operation and the status are described and that the
body fits the schema; ADF in issues and comments is checked against the full and stage-0 schemas.
Exit code 1 if anything is wrong. `EXEMPT_STATUSES` and the functions named `_repair_*` say, with
reasons, where the descriptions themselves are known to be wrong.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Any

import orjson
from jsonschema import Draft4Validator, Draft202012Validator

from xerus_sandbox.exercised import Endpoint, covered_by, unexercised

Json = dict[str, Any]

EXEMPT_STATUSES = {
    403: "Confluence v2 describes no 403; real ones exist (specs/README, known defects)",
    409: "no Confluence Cloud description has it; real ones exist (specs/README, known defects)",
    410: "the removed endpoints answer it in real life (CHANGE-2046)",
    429: "described on 10 of 616 Jira operations; it can come from all of them",
}
_MISSING_ISSUE = "the Data Center description forgets the missing issue, which is 404 on all others"
UNDESCRIBED = {
    "jira-cloud-platform-v2": "Cloud's version 2 is version 3 with wiki markup; no file of its own",
    "jira-service-management": "Atlassian's description of /rest/servicedeskapi is not in the folder",
}
EXEMPT_OPERATIONS = {
    ("POST", "/rest/api/2/issue/{issueIdOrKey}/remotelink", 404): _MISSING_ISSUE,
    ("POST", "/rest/api/2/issue/{issueIdOrKey}/worklog", 404): _MISSING_ISSUE,
    ("PUT", "/rest/api/2/issue/{issueIdOrKey}/worklog/{id}", 404): _MISSING_ISSUE,
    ("POST", "/rest/api/2/issue/{issueIdOrKey}/comment", 404): (
        "the Data Center description lists only 201 and 400; a missing issue is 404 on all others"
    ),
    ("GET", "/rest/api/content/{id}/child/attachment", 200): (
        "the Data Center description says 201 for this list; real ones answer 200"
    ),
}
WEB_ADDRESSES = {
    "/secure/attachment/{id}/{filename}": "an address of Jira's pages, not of its REST API",
    "/download/attachments/{id}/{filename}": "an address of Confluence's pages, not of its REST API",
}
NOT_DESCRIBED = {
    "/wiki/rest/api/content": "removed from the description together with the operation; live 410",
    "/wiki/rest/api/content/{id}": "removed from the description together with the operation; live 410",
    "/wiki/rest/api/space": "removed from the description together with the operation; live 410",
}
_RAW_JSON = "JSON written raw into the answer, which the description calls the string it is kept as"
EXEMPT_PLACES = {
    ("jira-data-center-10.3.openapi.json", "properties/*/value"): _RAW_JSON,
    ("jira-data-center-10.3.openapi.json", "comments/*/properties/*/value"): _RAW_JSON,
    ("confluence-data-center-10.0.3.openapi.json", "data/errors"): (
        "an Iterable that the description renders as an object; real bodies carry an array"
    ),
}
_SHARED_BASES = (("/wiki/api/v2", "confluence-cloud-v2"), ("/rest", "jira-data-center"))
_LONG = 200


@dataclass(kw_only=True)
class Report:
    """What was checked and what is wrong."""

    counts: Counter[tuple[str, str, str, int]] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    exempt: Counter[str] = field(default_factory=Counter)
    covered: set[Endpoint] = field(default_factory=set)
    unexercised: list[str] | None = None
    """Declared endpoints that no answer covers; None when no declarations were given."""


@dataclass
class Contract:
    """The descriptions in one folder."""

    folder: Path

    def check(self, answer: Json, report: Report) -> None:
        """Check one recorded answer and note the outcome."""
        where = (answer["spec"], answer["method"], answer["path_template"], answer["status"])
        report.counts[where] += 1
        if (endpoint := covered_by(answer)) is not None:
            report.covered.add(endpoint)
        if answer.get("fault"):
            report.exempt["injected faults"] += 1
            return
        if (reason := UNDESCRIBED.get(answer["spec"])) is not None:
            report.exempt[reason] += 1
            return
        for problem in self._problems(answer, report):
            report.violations.append(f"{' '.join(map(str, where[1:]))} ({where[0]}): {problem}")

    def _problems(self, answer: Json, report: Report) -> Iterator[str]:
        status, template = answer["status"], answer["path_template"]
        operation = self._operation(answer)
        if operation is None:
            if template in NOT_DESCRIBED and status in EXEMPT_STATUSES:
                report.exempt[NOT_DESCRIBED[template]] += 1
            elif template in WEB_ADDRESSES:
                report.exempt[WEB_ADDRESSES[template]] += 1
            else:
                yield "the description has no such operation"
            return
        described = operation["responses"].get(str(status))
        if described is None:
            if (reason := EXEMPT_OPERATIONS.get((answer["method"], template, status))) is not None:
                report.exempt[reason] += 1
            elif status in EXEMPT_STATUSES:
                report.exempt[EXEMPT_STATUSES[status]] += 1
            else:
                yield f"status {status} is not described"
            return
        yield from self._body_problems(answer, described, report)
        yield from self._adf_problems(answer)

    def _operation(self, answer: Json) -> Json | None:
        document = self._document(answer["spec"])
        path = spec_path(answer["spec"], answer["path_template"])
        found: Json | None = document["paths"].get(path, {}).get(answer["method"].lower())
        return found

    def _body_problems(self, answer: Json, described: Json, report: Report) -> Iterator[str]:
        schema = described.get("content", {}).get("application/json", {}).get("schema")
        body = answer.get("body")
        if not schema:
            return
        if body is None:
            if answer["status"] != HTTPStatus.NO_CONTENT:
                yield "the body is missing"
            return
        repaired = _repair_list(answer["spec"], schema, body)
        document = self._document(answer["spec"])
        rooted = {**repaired, "components": document.get("components", {})}
        for error in Draft202012Validator(rooted).iter_errors(body):
            place = "/".join(map(str, error.absolute_path)) or "(root)"
            kind = re.sub(r"\b\d+\b", "*", place)
            if (reason := EXEMPT_PLACES.get((answer["spec"], kind))) is not None:
                report.exempt[reason] += 1
                continue
            yield f"{place}: {_first(error)}"

    def _adf_problems(self, answer: Json) -> Iterator[str]:
        if "/rest/api/3/" not in answer["path_template"]:
            return
        for place, document in adf_documents(answer.get("body")):
            errors = [error for v in self._adf for error in v.iter_errors(document)][:1]
            if errors and not any(v.is_valid(document) for v in self._adf):
                yield f"{place}: not valid ADF: {_first(errors[0])}"

    def _document(self, name: str) -> Json:
        if name not in self._documents:
            raw: Json = orjson.loads((self.folder / name).read_bytes())
            repaired = _repair_any(raw) if name.startswith("jira-data-center") else raw
            self._documents[name] = _translated(repaired)
        return self._documents[name]

    @cached_property
    def _documents(self) -> dict[str, Json]:
        return {}

    @cached_property
    def _adf(self) -> list[Draft4Validator]:
        names = ("adf-full.schema.json", "adf-stage-0.schema.json")
        schemas = (orjson.loads((self.folder / name).read_bytes()) for name in names)
        return [Draft4Validator(schema) for schema in schemas]


def spec_path(spec: str, template: str) -> str:
    """Return a template as the description writes it: some leave out a shared base."""
    for base, name in _SHARED_BASES:
        if spec.startswith(name):
            return template.removeprefix(base)
    return template


def adf_documents(body: Any, place: str = "") -> Iterator[tuple[str, Json]]:
    """Yield every ADF document in an answer: comment bodies, descriptions, environments."""
    if isinstance(body, list):
        for index, item in enumerate(body):
            yield from adf_documents(item, f"{place}/{index}")
    elif isinstance(body, dict):
        if body.get("type") == "doc" and "content" in body:
            yield place, body
            return
        for key, value in body.items():
            yield from adf_documents(value, f"{place}/{key}")


def _translated(node: Any) -> Any:
    """Translate OpenAPI 3.0 into JSON Schema 2020-12, and repair what cannot be meant."""
    if isinstance(node, list):
        return [_translated(item) for item in node]
    if not isinstance(node, dict):
        return node
    schema = {key: _translated(value) for key, value in node.items() if key != "example"}
    return _repair_closed(_nullable(schema))


def _nullable(schema: Json) -> Json:
    if schema.get("nullable") is not True:
        return schema
    rest = {key: value for key, value in schema.items() if key != "nullable"}
    return {"anyOf": [{"type": "null"}, rest]}


def _repair_closed(schema: Json) -> Json:
    """Drop `additionalProperties: false` beside allOf/anyOf/oneOf: it would refuse every object."""
    combined = any(key in schema for key in ("allOf", "anyOf", "oneOf"))
    if combined and schema.get("additionalProperties") is False and "properties" not in schema:
        return {key: value for key, value in schema.items() if key != "additionalProperties"}
    return schema


def _repair_any(node: Any) -> Any:
    """Read `additionalProperties: {type: object}` as anything: Java's Object, rendered as object.

    By the letter the Data Center file would have `fields.summary` be an object.
    """
    if isinstance(node, list):
        return [_repair_any(item) for item in node]
    if not isinstance(node, dict):
        return node
    repaired = {key: _repair_any(value) for key, value in node.items()}
    free = repaired.get("additionalProperties")
    if isinstance(free, dict) and {k for k in free if k != "example"} == {"type"}:
        repaired["additionalProperties"] = {}
    return repaired


def _repair_list(spec: str, schema: Json, body: Any) -> Json:
    """Read the bean of a list as its element: the Jira Data Center file describes elements only.

    `GET /priority` and its like answer an array there, createmeta an envelope with `values`.
    """
    if not spec.startswith("jira-data-center") or schema.get("type") == "array":
        return schema
    if isinstance(body, list):
        return {"type": "array", "items": schema}
    if isinstance(body, dict) and "values" in body and "isLast" in body:
        return {"type": "object", "properties": {"values": {"type": "array", "items": schema}}}
    return schema


def _first(error: Any) -> str:
    text = str(getattr(error, "message", error))
    return text if len(text) < _LONG else f"{text[:_LONG]}..."


def check_folder(specs: Path, record: Path) -> Report:
    """Check every recorded answer in a folder."""
    contract, report = Contract(specs), Report()
    for path in sorted(record.glob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            contract.check(orjson.loads(line), report)
    return report


def render(report: Report) -> str:
    """Return the table of counts, the exemptions used, and every violation."""
    lines = [
        f"{n:6d}  {status}  {method:6s} {path}"
        for (_, method, path, status), n in sorted(report.counts.items())
    ]
    lines += [f"exempt {n:6d}  {reason}" for reason, n in sorted(report.exempt.items())]
    lines += [f"VIOLATION {text}" for text in dict.fromkeys(report.violations)]
    lines += [f"UNEXERCISED {text}" for text in report.unexercised or ()]
    total = sum(report.counts.values())
    last = f"{total} answers, {len(report.violations)} violations"
    if report.unexercised is not None:
        last += f", {len(report.unexercised)} declared endpoints unexercised"
    return "\n".join([*lines, last])


def main(arguments: list[str] | None = None) -> int:
    """Run the check from the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        description="Validate recorded sandbox answers.",
        epilog="example: python -m xerus_sandbox.contract --specs ../shared/specs --record build/answers",
    )
    parser.add_argument("--specs", type=Path, required=True, help="folder of the descriptions")
    parser.add_argument("--record", type=Path, required=True, help="folder of the recorded answers")
    parser.add_argument("--declared", type=Path, help="list of endpoints that have to be covered")
    options = parser.parse_args(arguments)
    report = check_folder(options.specs, options.record)
    if options.declared and report.counts:
        report.unexercised = unexercised(options.declared, report.covered)
    sys.stdout.write(render(report) + "\n")
    if not report.counts:
        sys.stdout.write("No answers were recorded: run the tests with recording first.\n")
    return 1 if report.violations or report.unexercised or not report.counts else 0


if __name__ == "__main__":
    sys.exit(main())
