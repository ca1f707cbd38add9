"""The list of log events and the code agree, in both directions."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import xerus
from xerus.telemetry import log_list, logs

_LOGGERS = {"log", "_log"}
_NO_FACTS = {None, "exc_info"}
_BY_NAME = {one.name: one for one in log_list.ALL}


@dataclass(frozen=True, kw_only=True)
class Line:
    name: str
    level: str
    facts: frozenset[str]
    adds_facts: bool


def _logged() -> Iterator[Line]:
    for file in Path(xerus.__file__).parent.rglob("*.py"):
        source = file.read_text()
        if not any(f"{logger}." in source for logger in _LOGGERS):
            continue  # most files log nothing, and parsing all takes two seconds
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id=logger), attr=level),
                    args=[first, *_],
                    keywords=keywords,
                ) if logger in _LOGGERS:
                    name = first.value if isinstance(first, ast.Constant) else None
                    assert isinstance(name, str), f"{file}: an event is a constant"
                    names = {one.arg for one in keywords}
                    yield Line(
                        name=name,
                        level=level,
                        facts=frozenset(str(name) for name in names - _NO_FACTS),
                        adds_facts=None in names,
                    )
                case _:
                    pass


LINES = list(_logged())


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_what_is_logged_is_listed_with_its_level_and_facts(line: Line) -> None:
    listed = _BY_NAME[line.name]
    assert listed.level == line.level
    if line.adds_facts:
        assert line.facts <= set(listed.facts)
    else:
        assert line.facts == set(listed.facts)


def test_what_is_listed_is_logged_and_listed_once() -> None:
    assert {line.name for line in LINES} == set(_BY_NAME)
    assert len(_BY_NAME) == len(log_list.ALL)


def test_no_fact_has_a_name_whose_value_is_hidden() -> None:
    hidden = {(one.name, fact) for one in log_list.ALL for fact in one.facts if _is_hidden(fact)}
    assert hidden == set()


def _is_hidden(fact: str) -> bool:
    return bool(logs._SECRET_NAMES.search(fact))
