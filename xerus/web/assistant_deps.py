"""What the chat's pages call of the assistant, as narrow as they need it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from xerus.accounts.users import User
from xerus.assistant.verdicts import Verdict
from xerus.ids import UserId


class Entry(Protocol):
    """One entry of a transcript: `templates/chat/{kind}.html` shows it and names its fields.

    Kinds and fields: `person` (text) · `assistant` (author, html: sanitised Markup) · `tool`
    (name, title, arguments, result: text, state: running | ok | failed | declined, seconds or None)
    · `approval` and `needs_connection` (see `assistant.entries`) · `error` (message, hint,
    correlation_id).
    """

    @property
    def kind(self) -> str:
        """Which template shows it."""


class Sight(Protocol):
    """`assistant.watching.Sight`: a conversation, or its end, at a moment."""

    @property
    def entries(self) -> Sequence[Entry]:
        """Its entries from `since` on."""

    @property
    def since(self) -> int:
        """How many entries come before."""

    @property
    def running(self) -> bool:
        """Whether an answer is being written."""

    @property
    def stopping(self) -> bool:
        """Whether that was asked to end."""

    @property
    def doing(self) -> str:
        """What that waits for, '' as a rule."""

    @property
    def total(self) -> str:
        """What its answers used together, in words; '' where there is nothing to add up."""


class Today(Protocol):
    """`assistant.allowance.Today`: what a person has used of the day's tokens."""

    @property
    def used(self) -> int:
        """Tokens of the day so far."""

    @property
    def limit(self) -> int:
        """Tokens that there are for a day."""


class EditForm(Protocol):
    """`assistant.editing.service.EditForm`: a call that waits, as a form."""

    @property
    def call_id(self) -> str:
        """What a decision about it names."""


class EditingService(Protocol):
    """`assistant.editing.service.Editing`."""

    async def form(self, user_id: UserId, conversation_id: str, approval_id: str) -> EditForm:
        """Return the form of a call; raises NotFound, Conflict."""

    async def save(
        self,
        user_id: UserId,
        conversation_id: str,
        approval_id: str,
        *,
        shown: str,
        form: Mapping[str, str],
    ) -> EditForm | None:
        """Change a call, or return what is wrong with it; raises NotFound, Conflict."""


class AssistantService(Protocol):
    """`assistant.service.Assistant`."""

    @property
    def editing(self) -> EditingService:
        """Changes calls that wait."""

    @property
    def is_demo(self) -> bool:
        """Whether the demo model answers, which is no AI."""

    @property
    def examples(self) -> Sequence[str]:
        """Requests to start with."""

    async def look(self, user_id: UserId, conversation_id: str) -> Sight:
        """Return the whole transcript; raises NotFound for anybody else."""

    def watch(self, user_id: UserId, conversation_id: str) -> AsyncIterator[Sight]:
        """Yield the end of the transcript as it changes; raises NotFound for anybody else."""

    @property
    def models(self) -> Sequence[str]:
        """The models to choose from, the default first; '' is the demo model."""

    async def today(self, user_id: UserId) -> Today | None:
        """Return what a person has used today; None where there is no limit."""

    async def send(
        self, user: User, conversation_id: str | None, text: str, model: str = ""
    ) -> str:
        """Begin to answer a message, by a model if one is named; return the conversation's id."""

    async def again(self, user: User, conversation_id: str, model: str = "") -> None:
        """Begin to answer the last message once more."""

    async def decide(self, user: User, conversation_id: str, verdicts: Sequence[Verdict]) -> None:
        """Approve or decline calls that wait, then begin to go on."""

    async def finished(self, user_id: UserId, conversation_id: str) -> None:
        """Return when no answer is being written."""

    async def stop(self, user_id: UserId, conversation_id: str) -> None:
        """Ask for the end of the answer that is being written."""

    async def run_out(self, user_id: UserId) -> None:
        """End what waits for the person's approval."""
