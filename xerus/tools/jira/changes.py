"""What a write changed, said by comparing the issue before and after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xerus.tools.jira.records import flat
from xerus.tools.tables import shortened
from xerus.tools.untrusted import clean, fenced, one_line

_LONGEST_VALUE = 300
_NOTHING = "(none)"


@dataclass(frozen=True, kw_only=True)
class Changed:
    """An issue before and after a write.

    Attributes:
        names: of the fields that were to change, by id.
        before: their values.
        after: what was read back; empty when that failed.
        problem: why reading back failed, or ''.
    """

    issue_key: str
    link: str
    names: Mapping[str, str]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    problem: str = ""

    def markdown(self) -> str:
        """Return old -> new per field; a field that stayed as it was is named."""
        if self.problem:
            return f"Jira accepted the change of {self.issue_key}. {self.problem}{self.link}"
        changed, same = self._changes()
        parts = [f"{'Changed' if changed else 'Nothing changed'}. {self.issue_key}: {self.link}"]
        if changed:
            lines = [
                f"{name}: {shortened(one_line(old), _LONGEST_VALUE)}"
                f" -> {shortened(one_line(new), _LONGEST_VALUE)}"
                for name, old, new in changed
            ]
            parts.append(fenced("\n".join(lines), source=f"jira {self.issue_key} changes"))
        if same:
            # Screens, permissions and automations drop values without an error.
            lines = [f"{name}: {shortened(one_line(old), _LONGEST_VALUE)}" for name, old, _ in same]
            stayed = fenced("\n".join(lines), source=f"jira {self.issue_key} unchanged")
            parts.append(f"As before (was so already, or Jira dropped the value):\n{stayed}")
        return "\n".join(parts)

    def structured(self) -> dict[str, Any]:
        """Return the same as an object."""
        changed, same = self._changes()
        return {
            "issue_key": self.issue_key,
            "link": self.link,
            "changed": [
                {"field": clean(name), "before": clean(old), "after": clean(new)}
                for name, old, new in changed
            ],
            "unchanged": [clean(name) for name, _, _ in same],
            "untrusted": ["changed[]", "unchanged[]"],
        }

    def _changes(self) -> tuple[Sequence[tuple[str, str, str]], Sequence[tuple[str, str, str]]]:
        rows = [
            (name, _shown(self.before.get(key)), _shown(self.after.get(key)))
            for key, name in self.names.items()
        ]
        changed = [row for row in rows if row[1] != row[2]]
        return changed, [row for row in rows if row[1] == row[2]]


def _shown(value: Any) -> str:
    return flat(value) or _NOTHING
