"""The arguments of a call as fields of a form, and what a person made of them."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from xerus.assistant.editing.schema import Schema, properties_of, required_of, type_of
from xerus.assistant.policies import read
from xerus.assistant.preview import exact
from xerus.tools.untrusted import clean, one_line

Kind = Literal["text", "long", "number", "choice", "json"]

_ONE_LINE = 80
_LONG = frozenset({"body", "content", "comment", "description", "text", "message", "markdown"})
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?")
_ABSENT = object()
_EXAMPLES = {
    "array": 'Write a list in square brackets, such as ["one", "two"].',
    "object": 'Write an object in braces, such as {"name": "value"}.',
    "": 'Write JSON: a text stands in quotes, such as "text".',
}


@dataclass(frozen=True, kw_only=True)
class Field:
    """One argument.

    Attributes:
        argument: what the tool calls it.
        name: of the form's field.
        label, says: what it is called, and what the tool says of it.
        shape: the JSON type that it has to have, '' where any will do.
        shown: what stands in the field.
        options: for `choice`, the values by what the form sends for them.
        choices: what the form sends, each with its words; '' leaves the argument out.
        required: whether the tool needs it.
        given: whether the call has it.
        value: what the call has.
        problem: what is wrong with what was entered.
    """

    argument: str
    name: str
    label: str
    says: str
    kind: Kind
    shape: str
    shown: str
    options: Mapping[str, Any] = field(default_factory=dict)
    choices: tuple[tuple[str, str], ...] = ()
    required: bool = False
    given: bool = False
    value: Any = None
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Entered:
    """What a form came to: the arguments, and what could not be read by the argument it is of."""

    arguments: dict[str, Any]
    problems: dict[str, str]


def fields_of(schema: Schema, arguments: Mapping[str, Any]) -> list[Field]:
    """Return the fields of a call: those of the schema in its order, then what is not in it."""
    known = properties_of(schema, schema)
    required = required_of(schema)
    names = [*known, *(name for name in arguments if name not in known)]
    return [
        _field(
            n,
            name,
            known.get(name, {}),
            arguments.get(name, _ABSENT),
            required=name in required,
        )
        for n, name in enumerate(names)
    ]


def entered(fields: Sequence[Field], form: Mapping[str, str]) -> Entered:
    """Return what a person made of the fields; what they left as it was stays as it is."""
    found = Entered(arguments={}, problems={})
    for one in fields:
        text = form.get(one.name)
        try:
            value = _kept(one) if text is None else _read(one, _lines(text))
        except ValueError as error:
            found.problems[one.argument] = str(error)
        else:
            if value is not _ABSENT:
                found.arguments[one.argument] = value
    return found


def with_answers(
    fields: Sequence[Field], form: Mapping[str, str], problems: Mapping[str, str]
) -> list[Field]:
    """Return the fields as they were filled in, with what is wrong with each."""
    return [
        replace(
            one,
            shown=_lines(form.get(one.name, one.shown)),
            problem=problems.get(one.argument, ""),
        )
        for one in fields
    ]


def _field(n: int, name: str, schema: Schema, value: Any, *, required: bool) -> Field:
    shape = type_of(schema)
    kind = _kind(name, schema, shape, value)
    shown = _shown(kind, shape, value)
    options = _options(schema) if kind == "choice" else {}
    return Field(
        argument=name,
        name=f"arg.{name}" if _PLAIN_NAME.fullmatch(name) else f"arg.{n}.",
        label=_label(name),
        says=clean(str(schema.get("description", ""))).strip(),
        kind=kind,
        shape=shape,
        shown=shown,
        options=options,
        choices=_choices(options, shown, required=required) if options else (),
        required=required,
        given=value is not _ABSENT,
        value=None if value is _ABSENT else value,
    )


def _label(name: str) -> str:
    words = one_line(name).replace("_", " ").strip() or "?"
    return words[:1].upper() + words[1:]


def _kind(name: str, schema: Schema, shape: str, value: Any) -> Kind:
    absent = value is _ABSENT or value is None
    if isinstance(schema.get("enum"), list) and (absent or not isinstance(value, list | dict)):
        return "choice"
    match shape:
        case "boolean" if absent or isinstance(value, bool):
            return "choice"
        case "integer" | "number" if absent or _is_number(value):
            return "number"
        case "string" if absent or isinstance(value, str):
            return _length(name, "" if absent else value)
        case "" if isinstance(value, str) and "anyOf" not in schema:
            return _length(name, value)
        case _:
            return "json"


def _length(name: str, value: str) -> Kind:
    is_long = name.lower() in _LONG or len(value) > _ONE_LINE or len(value.splitlines()) > 1
    return "long" if is_long or value.endswith("\n") else "text"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(kind: Kind, shape: str, value: Any) -> str:
    if value is _ABSENT or value is None:
        return ""
    if kind in {"text", "long"} or (kind == "choice" and isinstance(value, str)):
        return _lines(str(value))
    if kind == "json":
        # Clients write objects as text too, and our tools take them.
        return exact(value if shape == "string" else read(value))
    return json.dumps(value)


def _choices(
    options: Mapping[str, Any], shown: str, *, required: bool
) -> tuple[tuple[str, str], ...]:
    words = {text: _word(value) for text, value in options.items()}
    if not (required and shown):
        words = {"": "Choose one" if required else "Not given", **words}
    if shown not in words:
        words[shown] = f"{one_line(shown)} (not one of the choices)"
    return tuple(words.items())


def _options(schema: Schema) -> dict[str, Any]:
    allowed = (one for one in schema.get("enum", (True, False)) if one is not None)
    return {one if isinstance(one, str) else json.dumps(one): one for one in allowed}


def _word(value: Any) -> str:
    return "yes" if value is True else "no" if value is False else one_line(str(value))


def _kept(one: Field) -> Any:
    return one.value if one.given else _ABSENT


def _read(one: Field, text: str) -> Any:
    """Return the value of a field; ValueError says in words why it cannot be read."""
    if text == one.shown:
        return _kept(one)
    if not text or (one.kind != "long" and not text.strip()):
        return _ABSENT
    match one.kind:
        case "text" | "long":
            return text
        case "choice":
            return _chosen(one, text)
        case "number":
            return _number(one.shape, text.strip())
        case "json":
            return _json(one.shape, text)


def _chosen(one: Field, text: str) -> Any:
    if text not in one.options:
        raise ValueError("Choose one of those in the list.")
    return one.options[text]


def _number(shape: str, text: str) -> int | float:
    if shape == "integer":
        if not _WHOLE.fullmatch(text):
            raise ValueError("Enter a whole number, such as 3.")
        return int(text)
    if not _DECIMAL.fullmatch(text):
        raise ValueError("Enter a number, such as 3 or 2.5.")
    return int(text) if _WHOLE.fullmatch(text) else float(text)


def _json(shape: str, text: str) -> Any:
    how = _EXAMPLES.get(shape, _EXAMPLES[""])
    try:
        value = json.loads(text, parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise ValueError(
            f"This is not JSON yet: line {error.lineno}, character {error.colno}:"
            f" {error.msg[:1].lower()}{error.msg[1:]}. {how}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"This is no JSON that can be sent. {how}") from error
    return value


def _no_number(name: str) -> Any:
    raise ValueError(name)


def _lines(text: str) -> str:
    """Return a text with line ends as they are here: forms send them as CR LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
