"""What atheris runs: the builders of paths and queries, instrumented, with any bytes at all.

    python fuzz_target.py WANTED [libFuzzer options]

Started by `fuzzing.py` as a process of its own, because libFuzzer ends the process it runs in.
"""

import sys

import atheris

with atheris.instrument_imports(include=["xerus.tools.clauses", "xerus.tools.boundary.queries"]):
    from xerus.tools import clauses
    from xerus.tools.boundary import queries
with atheris.instrument_imports(include=["xerus.atlassian.paths"]):
    from xerus.atlassian import paths

from urllib.parse import unquote

from bench.soak.counted import Executions
from xerus.errors import InvalidInput
from xerus_sandbox.products.query.grammar import Both, Clause, QuerySyntaxError, Value, parse

_TEMPLATE = "/rest/api/3/issue/{issueIdOrKey}/comment/{id}"


def one_input(executions: Executions, data: bytes) -> None:
    """Give one input to each builder; an exception is a finding."""
    provider = atheris.FuzzedDataProvider(data)
    kind = provider.ConsumeIntInRange(0, 3)
    text = provider.ConsumeUnicode(400)
    (_path, _value, _words, _filter)[kind](text)
    executions.add()


def _path(text: str) -> None:
    try:
        filled = paths.fill(_TEMPLATE, {"issueIdOrKey": text, "id": "1"})
    except InvalidInput:
        return
    head, tail = "/rest/api/3/issue/", "/comment/1"
    assert filled.startswith(head), filled
    assert filled.endswith(tail), filled
    segment = filled[len(head) : -len(tail)]
    assert segment.isascii(), filled
    assert segment, filled
    assert not set("/?#\\;") & set(segment), filled
    assert unquote(segment, errors="strict") == text, filled
    for _ in range(3):
        segment = unquote(segment)
        pieces = segment.replace("\\", "/").split("/")
        assert not any(piece.partition(";")[0] in {".", ".."} for piece in pieces), filled


def _value(text: str) -> None:
    built = clauses.Clauses()
    built.equals("labels", text)
    query = clauses.combined(None, built, order="updated DESC")
    found = parse(query)
    assert isinstance(found.where, Clause), query
    assert (found.where.field, found.where.operator) == ("labels", "="), query
    assert len(found.where.values) == 1, query
    assert found.where.values[0].quoted, query
    assert [order.field for order in found.order] == ["updated"], query


def _words(text: str) -> None:
    built = clauses.Clauses()
    try:
        built.words("text", text)
    except InvalidInput:
        return
    found = parse(clauses.combined(None, built, order="updated DESC"))
    assert isinstance(found.where, Clause), text
    assert found.where.operator == "~", text
    (value,) = found.where.values
    assert not set('"\\()*?~[]{}') & set(value.text), text
    assert not {"AND", "OR", "NOT"} & set(value.text.split()), text


def _filter(text: str) -> None:
    try:
        query = queries.held(text, "project", ["ENG"])
    except InvalidInput:
        return
    try:
        found = parse(query)
    except QuerySyntaxError:
        return  # the server refuses it just so
    where = found.where
    first = where.parts[0] if isinstance(where, Both) else where
    assert first == Clause("project", "in", (Value("ENG", quoted=True),)), query


def main() -> None:
    executions = Executions(int(sys.argv.pop(1)))
    atheris.Setup(sys.argv, lambda data: one_input(executions, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
