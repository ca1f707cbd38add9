"""A call as the page shows it: exactly as it is sent, and its preview in words."""

import json
from collections.abc import Mapping
from typing import Any

from xerus.assistant.changes import Preview
from xerus.assistant.entries import ShownRow
from xerus.assistant.rendering import html_of
from xerus.tools.untrusted import clean, one_line

_LONGEST_NAME = 80


def exact(value: Any) -> str:
    """Return arguments, or one, as JSON in which nothing is invisible."""
    readable = json.dumps(value, ensure_ascii=False, indent=2)
    return readable if clean(readable) == readable else json.dumps(value, indent=2)


def rows_of(preview: Preview) -> tuple[ShownRow, ...]:
    """Return the rows as the page shows them; names may be a model's, and so are cleaned too."""
    return tuple(
        ShownRow(
            name=one_line(row.name)[:_LONGEST_NAME],
            before=row.before,
            after=None if row.is_text else row.after,
            lines=tuple(row.lines),
            html=html_of(row.after or "") if row.is_text else None,
        )
        for row in preview.rows
    )


def by_arguments(arguments: Mapping[str, Any]) -> Preview:
    """Return a preview of a call of which nothing but the arguments is known."""
    shown = Preview()
    for name, value in arguments.items():
        shown.fact(name.replace("_", " ").capitalize(), value)
    return shown
