"""The part of the audit log that somebody asked for, as a file: a portion of the lines at a time."""

import csv
import io
from collections.abc import Mapping, Sequence
from enum import StrEnum

import orjson

from xerus.accounts.people import PersonRow
from xerus.audit import ocsf
from xerus.audit.search import Found
from xerus.ids import UserId
from xerus.web.activity import TITLES

_COLUMNS = ("tool", "target", "client", "client_name", "outcome", "cause", "correlation_id")
_HEAD = ("time", "event", "what", "person_id", "person", "email", *_COLUMNS, "place", "facts")
# What makes a spreadsheet take a cell for a formula; the wide forms are taken for the narrow ones.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - these very characters


class Form(StrEnum):
    """How the file is written."""

    CSV = "csv"
    JSONL = "jsonl"
    OCSF = "ocsf"

    @property
    def media_type(self) -> str:
        """Its type."""
        return "text/csv; charset=utf-8" if self is Form.CSV else "application/x-ndjson"

    @property
    def ending(self) -> str:
        """How the file's name ends."""
        return {Form.CSV: "csv", Form.JSONL: "jsonl", Form.OCSF: "ocsf.jsonl"}[self]


def head(form: Form) -> bytes:
    """Return what stands before all events."""
    return _row(_HEAD) if form is Form.CSV else b""


def lines(form: Form, rows: Sequence[Found], people: Mapping[UserId, PersonRow]) -> bytes:
    """Return events, one a line; JSON Lines and OCSF as `xerus audit export` writes them."""
    if form is Form.CSV:
        return b"".join(_row(_cells(row, people)) for row in rows)
    told = (
        map(_exported, rows)
        if form is Form.JSONL
        else map(ocsf.from_exported, map(_exported, rows))
    )
    return b"".join(orjson.dumps(one) + b"\n" for one in told)


def harmless(text: str) -> str:
    """Return a cell that no spreadsheet runs: an apostrophe stands before what begins as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text


def _cells(row: Found, people: Mapping[UserId, PersonRow]) -> list[str]:
    person = people.get(row.user_id) if row.user_id else None
    return [
        row.at.isoformat(),
        row.event,
        TITLES.get(row.event, row.event),
        row.user_id or "",
        person.name if person else "",
        person.email if person else "",
        *(_text(row.facts.get(name)) for name in _COLUMNS),
        f"{row.shard}-{row.n}",
        orjson.dumps({n: v for n, v in row.facts.items() if n not in _COLUMNS}).decode(),
    ]


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _row(cells: Sequence[str]) -> bytes:
    # All quoted: where the list separator is a semicolon, one in a text would begin another cell.
    sheet = io.StringIO()
    csv.writer(sheet, quoting=csv.QUOTE_ALL).writerow([harmless(cell) for cell in cells])
    return sheet.getvalue().encode()


def _exported(row: Found) -> dict[str, object]:
    return {
        "shard": row.shard,
        "n": row.n,
        "at": row.at.isoformat(),
        "event": row.event,
        "user_id": row.user_id,
        "facts": row.facts,
        "mac": row.mac,
    }
