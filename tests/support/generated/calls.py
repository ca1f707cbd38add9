"""Arguments of tools, made from their own input schemas."""

import re
from random import Random
from typing import Any

from tests.support.generated.values import OTHERS, Known, hostile
from xerus.tools.declaration import Effect, Tool
from xerus.tools.lean import LEAN, executes

_CURSOR = re.compile(r'cursor="([^"]+)"')
_FIELDS: dict[str, Any] = {
    "Sprint": "ENG Sprint 24",
    "Story Points": 3,
    "assignee": "me",
    "components": ["shop"],
    "customfield_10016": 5,
    "description": "Some *words*",
    "duedate": "2026-12-24",
    "fixVersions": ["2026.12"],
    "issuetype": "Task",
    "labels": ["regression"],
    "parent": "ENG-1",
    "priority": "High",
    "project": "ENG",
    "status": "Done",
    "summary": "Some words",
}
_LISTS = ["components", "fixVersions", "labels"]


class Calls:
    """Makes arguments for one tool after the other; the same ones for the same seed."""

    def __init__(self, seed: str, known: Known, tools: tuple[Tool, ...]) -> None:
        self._random = Random(seed)  # noqa: S311 - examples, no secrets
        self._known = known
        self._tools = {tool.name: tool for tool in tools}
        self._steppable = [tool.name for tool in tools if tool.effect is not Effect.DELETE]
        self._cursors: dict[str, str] = {}

    def learn(self, tool: str, text: str) -> None:
        """Keep the cursor of an answer, so that next pages are asked for too."""
        if found := _CURSOR.search(text):
            self._cursors[tool] = found[1]

    def arguments(self, tool: Tool, *, depth: int = 0) -> dict[str, Any]:
        """Return arguments: right ones, or with one or two of them wrong."""
        random = self._random
        if tool.name == "batch":
            return {"steps": self._steps(depth)}
        if executes(tool) or tool in LEAN[1:]:
            return self._wrapped(depth)
        given = self._right(tool)
        wrong = random.choices((0, 1, 2), weights=(4, 5, 1))[0]
        for name in random.sample(sorted(tool.input_schema["properties"]), k=1):
            if wrong == 2 and random.randrange(2):
                given[name] = self._wrong(tool, name)
        if wrong and given:
            name = random.choice(sorted(given))
            given[name] = self._wrong(tool, name)
        if not random.randrange(40):
            given[hostile(random, "limit")] = random.choice(OTHERS)
        if not random.randrange(40) and given:
            given.pop(random.choice(sorted(given)))
        return given

    def _right(self, tool: Tool) -> dict[str, Any]:
        schema = tool.input_schema
        required = set(schema.get("required", ()))
        optional = [name for name in schema["properties"] if name not in required | {"site"}]
        chosen = self._random.sample(
            optional, k=min(len(optional), self._random.choice((0, 1, 2, 3)))
        )
        given = {
            name: self._value(tool.name, name, schema["properties"][name])
            for name in [*sorted(required), *chosen]
        }
        if self._random.randrange(4) and (related := self._known.together(given)):
            given |= self._random.choice(related)
        return given

    def _value(self, tool: str, name: str, about: dict[str, Any]) -> Any:
        random = self._random
        match about:
            case {"enum": choices}:
                return random.choice(choices)
            case {"type": "boolean"}:
                return bool(random.randrange(2))
            case {"type": "integer"}:
                low, high = about.get("minimum", 0), about.get("maximum", 50)
                return random.choice((low, min(high, low + 3), high))
            case {"type": "array"}:
                return self._array(tool, name, about)
            case {"type": "object"}:
                return self._object(_LISTS if name in {"add", "remove"} else sorted(_FIELDS))
            case _:
                return self._text(tool, name)

    def _text(self, tool: str, name: str) -> str:
        if name == "cursor" and tool in self._cursors:
            return self._cursors[tool]
        return self._random.choice(self._known.values(tool, name) or ["Some words", "x", "1"])

    def _array(self, tool: str, name: str, about: dict[str, Any]) -> list[Any]:
        random = self._random
        if name == "issues":
            create = self._tools["jira_create_issue"]
            return [self.arguments(create) for _ in range(random.randint(1, 3))]
        singular = {"issue_keys": "issue_key", "add": "label", "remove": "label"}.get(name, name)
        items = about.get("items", {"type": "string"})
        return [self._value(tool, singular, items) for _ in range(random.choice((0, 1, 1, 2, 3)))]

    def _object(self, fields: list[str]) -> dict[str, Any]:
        random = self._random
        names = random.sample(fields, k=random.randint(0, 2))
        return {n: self._field_value() if random.randrange(3) else _FIELDS[n] for n in names}

    def _field_value(self) -> Any:
        random = self._random
        text = random.choice(["Done", "ENG-1", "HR-1", "HR", "2", "regression"])
        if not random.randrange(3):
            text = hostile(random, text)
        forms = (text, [text], {"name": text}, {"key": text}, {"id": text}, 3, None)
        return random.choice((*forms, *random.sample(OTHERS, k=1)))

    def _wrong(self, tool: Tool, name: str) -> Any:
        random = self._random
        about = tool.input_schema["properties"].get(name, {})
        right = self._value(tool.name, name, about)
        if isinstance(right, list) and right and random.randrange(3):
            return [*right, hostile(random, str(right[0]))][-random.choice((1, 300)) :]
        if isinstance(right, list):
            return random.choice(([hostile(random, "x")] * random.choice((1, 2000)), right * 30))
        if isinstance(right, dict) and random.randrange(3):
            return {**right, hostile(random, random.choice(sorted(_FIELDS))): self._field_value()}
        if not random.randrange(6):
            return random.choice(OTHERS)
        return hostile(random, str(right))

    def _steps(self, depth: int) -> Any:
        random = self._random
        if not random.randrange(8):
            return random.choice((*OTHERS, [{"tool": "batch", "arguments": {"steps": []}}]))
        return [self._wrapped(depth, self._steppable) for _ in range(random.choice((1, 1, 2, 3)))]

    def _wrapped(self, depth: int, names: list[str] | None = None) -> dict[str, Any]:
        random = self._random
        inner = random.choice(names or sorted(self._tools))
        if depth or not random.randrange(12):
            return {"tool": hostile(random, inner), "arguments": random.choice(OTHERS)}
        return {"tool": inner, "arguments": self.arguments(self._tools[inner], depth=depth + 1)}
