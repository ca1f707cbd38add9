"""Parses a JQL or CQL query into a small tree.

Both languages have the same shape: `field operator value`, AND, OR, NOT, parentheses, functions,
lists, ORDER BY.
"""

import re
from dataclasses import dataclass
from typing import NoReturn

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    | (?P<operator>!=|!~|<=|>=|&&|\|\||[=~<>!])
    | (?P<mark>[(),])
    | (?P<word>[^\s()=~<>!,"'|&]+)
    )""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)")
_RESERVED = frozenset(
    {"and", "or", "not", "in", "is", "order", "by", "empty", "null", "was", "changed"}
)
_DEEPEST = 100
_COMPARISONS = frozenset({"=", "!=", "~", "!~", "<", ">", "<=", ">="})


class QuerySyntaxError(ValueError):
    """The query cannot be parsed; the message uses Jira's words, without its prefix."""


@dataclass(frozen=True)
class Value:
    """One operand: text, the word EMPTY, or a function with its arguments."""

    text: str
    quoted: bool = False
    empty: bool = False
    arguments: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Clause:
    """`field operator values`; `in` and `not in` have several values."""

    field: str
    operator: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Both:
    """All parts must hold."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True)
class Either:
    """One part must hold."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True)
class Negation:
    """The part must not hold."""

    part: "Node"


Node = Clause | Both | Either | Negation


@dataclass(frozen=True)
class Order:
    """One sort key."""

    field: str
    descending: bool


@dataclass(frozen=True)
class Query:
    """A parsed query; `where` is None if it restricts nothing."""

    where: Node | None
    order: tuple[Order, ...]

    def clauses(self) -> list[Clause]:
        """Return every clause of the restriction, left to right."""
        return _clauses(self.where) if self.where else []


def _clauses(node: Node) -> list[Clause]:
    if isinstance(node, Clause):
        return [node]
    parts = (node.part,) if isinstance(node, Negation) else node.parts
    return [clause for part in parts for clause in _clauses(part)]


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int

    @property
    def lower(self) -> str:
        return self.text.lower() if self.kind != "quoted" else ""


def parse(source: str) -> Query:
    """Parse a whole query.

    Raises:
        QuerySyntaxError: with the place, as `(line 1, character N)`.
    """
    return _Parser(source).query()


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = _tokens(source)
        self._at = 0
        self._depth = 0

    def query(self) -> Query:
        where = None if self._done() or self._is("order") else self._either()
        order = self._order() if self._is("order") else ()
        if not self._done():
            self._fail("Expecting either 'OR' or 'AND' but got '{}'.")
        return Query(where, order)

    def _either(self) -> Node:
        parts = [self._both()]
        while self._take("or", "||", "|"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self) -> Node:
        parts = [self._part()]
        while self._take("and", "&&", "&"):
            parts.append(self._part())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _part(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._fail("The query is nested too deeply at '{}'.")
        node = self._nested()
        self._depth -= 1
        return node

    def _nested(self) -> Node:
        if self._take("not", "!"):
            return Negation(self._part())
        if self._take("("):
            node = self._either()
            if not self._take(")"):
                self._fail("Expecting ')' before '{}'.")
            return node
        return self._clause()

    def _clause(self) -> Clause:
        field = self._field()
        operator = self._operator()
        if operator in {"in", "not in"}:
            return Clause(field, operator, self._list())
        value = self._value()
        if operator in {"is", "is not"} and not value.empty:
            raise QuerySyntaxError(
                f"The operator '{operator}' is not supported by the '{field}' field"
                " with values other than EMPTY."
            )
        return Clause(field, operator, (value,))

    def _field(self) -> str:
        token = self._peek()
        if token is None or token.kind in {"operator", "mark"}:
            self._fail("Expecting a field name but got '{}'.")
        if token.lower in _RESERVED:
            self._fail("Expecting a field name but got '{}', which is a reserved JQL word.")
        self._at += 1
        return token.text

    def _operator(self) -> str:
        token = self._peek()
        if token is not None and token.text in _COMPARISONS:
            self._at += 1
            return token.text
        if self._take("in"):
            return "in"
        if self._take("not") and self._take("in"):
            return "not in"
        if self._take("is"):
            return "is not" if self._take("not") else "is"
        return self._fail(
            "Expecting operator but got '{}'. The valid operators are '=', '!=', '<', '>', '<=',"
            " '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'."
        )

    def _list(self) -> tuple[Value, ...]:
        if not self._take("("):
            if (token := self._peek()) is not None and token.kind == "word":
                return (self._value(),)
            self._fail("Expecting '(' but got '{}'.")
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        if not self._take(")"):
            self._fail("Expecting ')' or ',' but got '{}'.")
        return tuple(values)

    def _value(self) -> Value:
        token = self._peek()
        if token is None or token.kind in {"operator", "mark"}:
            self._fail("Expecting either a value, list or function but got '{}'.")
        self._at += 1
        if token.kind == "quoted":
            return Value(token.text, quoted=True)
        if token.lower in {"empty", "null"}:
            return Value("EMPTY", empty=True)
        if token.lower in _RESERVED:
            self._at -= 1
            self._fail("Expecting either a value, list or function but got '{}'.")
        return self._function(token.text) if self._is("(") else Value(token.text)

    def _function(self, name: str) -> Value:
        self._take("(")
        arguments: list[str] = []
        while not self._is(")"):
            arguments.append(self._value().text)
            self._take(",")
        self._take(")")
        return Value(name, arguments=tuple(arguments))

    def _order(self) -> tuple[Order, ...]:
        self._take("order")
        if not self._take("by"):
            self._fail("Expecting 'by' but got '{}'.")
        keys = [self._order_key()]
        while self._take(","):
            keys.append(self._order_key())
        return tuple(keys)

    def _order_key(self) -> Order:
        field = self._field()
        descending = self._take("desc")
        if not descending:
            self._take("asc")
        return Order(field, descending)

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _done(self) -> bool:
        return self._at >= len(self._tokens)

    def _is(self, word: str) -> bool:
        token = self._peek()
        return token is not None and token.lower == word

    def _take(self, *words: str) -> bool:
        token = self._peek()
        if token is None or token.lower not in words:
            return False
        self._at += 1
        return True

    def _fail(self, message: str) -> NoReturn:
        token = self._peek()
        if token is None:
            text = message.format("the end of the query").replace(
                "'the end of the query'", "the end of the query"
            )
            raise QuerySyntaxError(text)
        place = _place(self._source, token.start)
        raise QuerySyntaxError(f"{message.format(token.text)} {place}")


def _tokens(source: str) -> list[_Token]:
    tokens, at = [], 0
    text = source.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            start = len(text) - len(text[at:].lstrip())
            if text[start] in "\"'":
                raise QuerySyntaxError(
                    f"The quoted string '{text[start + 1 :]}' has not been completed."
                    f" {_place(text, start)}"
                )
            raise QuerySyntaxError(
                f"The character '{text[start]}' is a reserved JQL character. You must enclose it in"
                f" a string or use the escape '\\u{ord(text[start]):04x}' instead."
                f" {_place(text, start)}"
            )
        kind = match.lastgroup or ""
        raw = match.group(kind)
        value = _ESCAPE.sub(r"\1", raw[1:-1]) if kind == "quoted" else _ESCAPE.sub(r"\1", raw)
        tokens.append(_Token(kind, value, match.start(kind)))
        at = match.end()
    return tokens


def _place(source: str, at: int) -> str:
    line = source.count("\n", 0, at) + 1
    return f"(line {line}, character {at - source.rfind(chr(10), 0, at)})"
