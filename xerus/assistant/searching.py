"""Finding words in a person's conversations: each is opened for it, the last used first.

What is sealed cannot be looked up, so a search is bounded instead: it stops after so many
conversations, so much text, so many finds or so long, says where it stopped, and goes on from there.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic

import orjson

from xerus.assistant import store
from xerus.assistant.conversations import ConversationRow, Conversations, Place
from xerus.assistant.marks import readable
from xerus.assistant.sealing import Sealing
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.errors import InvalidInput
from xerus.ids import UserId
from xerus.limits.token_bucket import TokenBuckets
from xerus.tools.aside import aside
from xerus.tools.untrusted import clean
from xerus.vault.envelope import SealBroken
from xerus.vault.service import Vault

LONGEST_WORDS = 200
"""Characters that can be searched for at once; the field has the same limit."""

_MOST_TERMS = 10
_PAGE = 20
_PLACES = 3
_AROUND = 60
_ROLES = {"user-prompt": "You", "text": "Answer", "tool-call": "Tool", "tool-return": "Tool"}
"""The parts of stored messages that a person sees, and whose they are. The model's own notes and our
instructions to it are none."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What one search may take.

    Attributes:
        conversations, found: how many are opened, and how many may be found.
        bytes: sealed text that is opened; the conversation that goes beyond is still looked at.
        seconds: after which no further one is opened.
        per_minute: searches of one person.
    """

    conversations: int = 300
    found: int = 20
    bytes: int = 16 * 1024 * 1024
    seconds: float = 1.5
    per_minute: int = 60


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A stretch of a line: what was searched for, or what stands around it."""

    text: str
    matches: bool


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A place in a conversation: whose words, and the turn whose message leads there, if one does."""

    whose: str
    turn: int | None
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A conversation that has all the words, in its title or in what was said."""

    row: ConversationRow
    title: tuple[Piece, ...]
    spots: tuple[Spot, ...]


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search came to.

    Attributes:
        searched: how many conversations were looked at.
        back_to: the last of them; None where there was none.
        more: where to go on; None where all were looked at.
        unreadable: how many do not open.
    """

    hits: tuple[Hit, ...]
    searched: int
    back_to: ConversationRow | None
    more: Place | None
    unreadable: int = 0


class Searching:
    """Searches within bounds, beside the event loop."""

    def __init__(
        self,
        *,
        db: Database,
        vault: Vault,
        conversations: Conversations,
        bounds: Bounds | None = None,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        self._db = db
        self._sealing = Sealing(vault=vault)
        self._conversations = conversations
        self._bounds = bounds or Bounds()
        self._seconds = seconds
        self._searches = TokenBuckets(per_minute=self._bounds.per_minute, whose="one person")

    async def find(self, user_id: UserId, words: str, before: Place | None = None) -> Found:
        """Return conversations that have all the words, the last used first.

        Args:
            user_id: whose.
            words: separated by white space; case does not count.
            before: look only at those after this place of the list.

        Raises:
            InvalidInput: there is nothing to search for, or too much.
            LimitReached: this person has searched too often.
        """
        terms = _terms(words)
        self._searches.spend(user_id)
        search = _Search(terms, self._bounds, until=self._seconds() + self._bounds.seconds)
        while not search.is_over(self._seconds()):
            rows = await self._conversations.page(user_id, limit=_PAGE, before=before)
            for row in rows:
                await self._look(user_id, row, search)
                before = row.place
                if search.is_over(self._seconds()):
                    break
            if len(rows) < _PAGE and (not rows or before == rows[-1].place):
                return search.found(more=None)
        return search.found(more=before)

    async def _look(self, user_id: UserId, row: ConversationRow, search: "_Search") -> None:
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            sealed = await store.turns(conn, user_id=user_id, conversation_id=row.id)
        try:
            turns = await self._sealing.open_plain(user_id, row.id, sealed)
        except SealBroken:
            search.take(row, None, 0)
            return
        size = sum(map(len, turns))
        hit = await aside(partial(_hit, row, turns, search.terms), size=size)
        search.take(row, hit, size)


class _Search:
    """What was found so far, and what it has taken."""

    def __init__(self, terms: "Terms", bounds: Bounds, *, until: float) -> None:
        self.terms = terms
        self._bounds = bounds
        self._until = until
        self._hits: list[Hit] = []
        self._searched = self._bytes = self._unreadable = 0
        self._last: ConversationRow | None = None

    def take(self, row: ConversationRow, hit: "Hit | bool | None", size: int) -> None:
        """Count a conversation: a hit, False without one, None where it does not open."""
        self._searched += 1
        self._bytes += size
        self._last = row
        self._unreadable += hit is None
        if isinstance(hit, Hit):
            self._hits.append(hit)

    def is_over(self, now: float) -> bool:
        """Whether a bound is reached; never before the first conversation."""
        return self._searched > 0 and (
            self._searched >= self._bounds.conversations
            or len(self._hits) >= self._bounds.found
            or self._bytes >= self._bounds.bytes
            or now >= self._until
        )

    def found(self, *, more: Place | None) -> Found:
        """Return what it came to."""
        return Found(
            hits=tuple(self._hits),
            searched=self._searched,
            back_to=self._last,
            more=more,
            unreadable=self._unreadable,
        )


@dataclass(frozen=True)
class Terms:
    """The words of a search, each as a pattern, and one for any of them."""

    each: tuple[re.Pattern[str], ...]
    any: re.Pattern[str]


def _terms(words: str) -> Terms:
    shown = unicodedata.normalize("NFC", clean(words))
    terms = list(dict.fromkeys(shown.split()))
    if not terms:
        raise InvalidInput("There is nothing to search for.", hint="Write a word or two.")
    if len(words) > LONGEST_WORDS or len(terms) > _MOST_TERMS:
        raise InvalidInput(
            f"At most {_MOST_TERMS} words and {LONGEST_WORDS} characters can be searched for.",
            hint="Leave some out.",
        )
    longest_first = sorted(map(re.escape, terms), key=len, reverse=True)
    return Terms(
        each=tuple(re.compile(re.escape(term), re.IGNORECASE) for term in terms),
        any=re.compile("|".join(longest_first), re.IGNORECASE),
    )


def _hit(row: ConversationRow, turns: Sequence[bytes], terms: Terms) -> Hit | bool:
    title = unicodedata.normalize("NFC", row.title)
    lacking = {term for term in terms.each if not term.search(title)}
    spots: list[tuple[int, Spot]] = []
    for whose, turn, text in _texts(turns):
        has = {term for term in terms.each if term.search(text)}
        lacking -= has
        if has:
            spots.append((-len(has), Spot(whose=whose, turn=turn, pieces=_line(text, terms))))
    if lacking:
        return False
    best = sorted(spots, key=lambda ranked: ranked[0])[:_PLACES]
    return Hit(row=row, title=_pieces(title, terms), spots=tuple(spot for _, spot in best))


def _texts(turns: Sequence[bytes]) -> Iterator[tuple[str, int | None, str]]:
    """Yield what a person sees of stored turns: whose, the turn to link to, the text."""
    leads: int | None = None
    for n, content in enumerate(turns):
        turn = orjson.loads(content)
        for message in turn.get("messages", ()):
            for part in message.get("parts", ()):
                whose = _ROLES.get(part.get("part_kind", ""), "")
                if whose == "You" and not turn.get("aside"):
                    leads = n
                if whose:
                    text = readable(clean(_text(part)))
                    yield whose, leads, unicodedata.normalize("NFC", text)


def _text(part: dict[str, object]) -> str:
    value = part.get("content", part.get("args"))
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if "content" in part else f"{part.get('tool_name')} {text}"


def _line(text: str, terms: Terms) -> tuple[Piece, ...]:
    """Return what stands around the first match, on one line."""
    found = terms.any.search(text)
    assert found is not None, "a text with a match"
    start, end = max(found.start() - _AROUND, 0), found.end() + _AROUND
    line = " ".join(text[start:end].split())
    return _pieces(f"{'…' if start else ''}{line}{'…' if end < len(text) else ''}", terms)


def _pieces(line: str, terms: Terms) -> tuple[Piece, ...]:
    pieces, at = list[Piece](), 0
    for found in terms.any.finditer(line):
        pieces.append(Piece(text=line[at : found.start()], matches=False))
        pieces.append(Piece(text=found[0], matches=True))
        at = found.end()
    pieces.append(Piece(text=line[at:], matches=False))
    return tuple(piece for piece in pieces if piece.text)
