"""What the chat's pages call."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import partial

from xerus.accounts.users import User
from xerus.assistant import grammar
from xerus.assistant.allowance import Allowance, Today
from xerus.assistant.answers import Answers, Prepare
from xerus.assistant.asking import Patience
from xerus.assistant.choosing import Models, readable_for
from xerus.assistant.deciding import Decided, decided
from xerus.assistant.editing.service import Editing
from xerus.assistant.entries import Entry
from xerus.assistant.history import messages_of
from xerus.assistant.journal import Content, Journal
from xerus.assistant.leases import Lease
from xerus.assistant.link import McpLink
from xerus.assistant.loop import DEADLINE_SECONDS, Loop, Run
from xerus.assistant.owners import Owners
from xerus.assistant.prices import Meter, Prices
from xerus.assistant.remote.calls import Others
from xerus.assistant.settling import Settling
from xerus.assistant.shortening import Past
from xerus.assistant.signals import Signals
from xerus.assistant.toolset import Terms
from xerus.assistant.turns import Turn, prompt_of
from xerus.assistant.verdicts import Verdict
from xerus.assistant.watching import Sight, Watches, whole
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.db.database import Database
from xerus.db.notify import Listener
from xerus.errors import InvalidInput, TooLarge
from xerus.ids import UserId
from xerus.limits.token_bucket import TokenBuckets
from xerus.vault.service import Vault

LONGEST_MESSAGE = 20_000
"""Characters; the composer's field has the same limit."""

_LOOK_SECONDS = 10.0


class Assistant:
    """Conversations of people with the model. Construct it before the listener starts."""

    def __init__(
        self,
        *,
        db: Database,
        listener: Listener,
        vault: Vault,
        audit: AuditLog,
        clock: Clock,
        models: Models,
        link: McpLink,
        messages_per_minute: int,
        prices: Prices | None = None,
        tokens_per_day: int | None = None,
        others: Others | None = None,
        may_always_allow: bool = True,
        deadline_seconds: float = DEADLINE_SECONDS,
        patience: Patience | None = None,
    ) -> None:
        self._signals = Signals(listener=listener)
        self.settling = Settling(db=db, audit=audit, clock=clock, may_allow=may_always_allow)
        self._journal = Journal(
            db=db,
            vault=vault,
            audit=audit,
            settling=self.settling,
            clock=clock,
            owners=Owners(listener=listener, clock=clock),
            signals=self._signals,
        )
        self._answers = Answers(
            journal=self._journal,
            loop=Loop(link=link, clock=clock, others=others, patience=patience),
            signals=self._signals,
            deadline_seconds=deadline_seconds,
        )
        self.editing = Editing(journal=self._journal, link=link, others=others, clock=clock)
        self._watches = Watches(signals=self._signals, clock=clock)
        self._clock = clock
        self._messages = TokenBuckets(per_minute=messages_per_minute, whose="one person")
        self._models = models
        self._prices = prices or Prices()
        self._allowance = Allowance(db=db, clock=clock, tokens_per_day=tokens_per_day)

    @property
    def is_demo(self) -> bool:
        """Whether the demo model answers, which is no AI."""
        return self._models.is_demo(self._models.default)

    @property
    def models(self) -> Sequence[str]:
        """The models to choose from, the default first; '' is the demo model."""
        return self._models.names

    @property
    def examples(self) -> Sequence[str]:
        """Requests to start with."""
        return grammar.EXAMPLES

    async def open(self, user_id: UserId, conversation_id: str) -> list[Entry]:
        """Return the transcript.

        Raises:
            NotFound: there is none with this id, or it is somebody else's.
        """
        return list((await self.look(user_id, conversation_id)).entries)

    async def look(self, user_id: UserId, conversation_id: str) -> Sight:
        """Return the transcript, and whether an answer is being written.

        Raises:
            NotFound: there is none with this id, or it is somebody else's.
        """
        return await whole(await self.content(user_id, conversation_id), self._clock)

    def watch(self, user_id: UserId, conversation_id: str) -> AsyncIterator[Sight]:
        """Yield the end of the transcript while an answer is being written (`watching.Watches`).

        Raises:
            NotFound: there is none with this id, or it is somebody else's.
        """
        return self._watches.watch(conversation_id, partial(self.content, user_id, conversation_id))

    def closing(self) -> None:
        """Let go of who watches, and soon of the answers too: this process is about to stop."""
        self._watches.close()
        self._answers.closing()

    async def send(
        self, user: User, conversation_id: str | None, text: str, model: str = ""
    ) -> str:
        """Begin to answer a message, in a new conversation if none is named; return its id.

        `model` answers in the conversation from now on; '' leaves it as it is.

        The answer is finished also when the caller goes away. `finished` waits for it, `watch`
        shows how it grows, `stop` ends it.

        Raises:
            InvalidInput: the message is empty, or the model is none of `models`.
            TooLarge: it is longer than `LONGEST_MESSAGE`.
            NotFound: there is no such conversation of this person.
            Conflict: an answer is still being written in it.
            LimitReached: this person has sent too many, or has used up the tokens of the day.
        """
        message, chosen = _checked(text), self._models.checked(model)
        await self._allowance.check(user.id)
        self._messages.spend(user.id)
        lease = await self._journal.begin_message(user.id, conversation_id, message, chosen)
        self._begin(lease, prompt_of(message), partial(self._to_answer, lease, message))
        return lease.conversation_id

    async def again(self, user: User, conversation_id: str, model: str = "") -> None:
        """Begin to answer the person's last message once more (`Journal.begin_again`).

        Raises:
            InvalidInput: the model is none of `models`.
            NotFound: there is no such conversation of this person, or no message in it.
            Conflict: an answer is still being written in it.
            LimitReached: this person has sent too many, or has used up the tokens of the day.
        """
        chosen = self._models.checked(model)
        await self._allowance.check(user.id)
        self._messages.spend(user.id)
        lease, message = await self._journal.begin_again(user.id, conversation_id, chosen)
        self._begin(lease, prompt_of(message), partial(self._to_answer, lease, message))

    async def decide(self, user: User, conversation_id: str, verdicts: Sequence[Verdict]) -> None:
        """Approve or decline calls that wait; begin to go on once no other one waits.

        A call that waits for a connection is approved by going on.

        Raises:
            NotFound: there is no such call of this person.
            Conflict: one was decided the other way, or changed, or an answer is being written.
            InvalidInput: a tool that deletes is to be allowed, or approved among other calls.
        """
        lease = await self._journal.begin_decision(user.id, conversation_id, verdicts)
        if lease is not None:
            self._begin(lease, Turn(), partial(self._to_go_on, lease))

    async def today(self, user_id: UserId) -> Today | None:
        """Return what a person has used of the day's tokens; None where there is no limit."""
        return await self._allowance.today(user_id)

    async def finished(self, user_id: UserId, conversation_id: str) -> None:
        """Return when no answer is being written: there is one, or a call waits for approval.

        Raises:
            NotFound: there is no such conversation of this person.
        """
        await self._answers.finished(user_id, conversation_id)
        with self._signals.watch(conversation_id) as changed:
            while await self._journal.is_running(user_id, conversation_id):
                await self._signals.pause(changed, _LOOK_SECONDS)
                changed.clear()

    async def stop(self, user_id: UserId, conversation_id: str) -> None:
        """Ask for the end of the answer that is being written, by whatever process.

        Returns at once. What was written stays; a write that is under way is waited for.

        Raises:
            NotFound: there is no such conversation of this person.
        """
        run_id = await self._journal.ask_to_stop(user_id, conversation_id)
        if run_id:
            self._answers.stop(run_id)

    async def run_out(self, user_id: UserId) -> None:
        """End what waits for the person's approval: Atlassian was disconnected."""
        await self._journal.run_out(user_id)

    async def drain(self) -> None:
        """Wait until the answers under way are stored; for an orderly shutdown."""
        await self._answers.drain()

    async def content(self, user_id: UserId, conversation_id: str) -> Content:
        """Return what there is of a conversation, the answer that is being written here included.

        Raises:
            NotFound: there is none with this id, or it is somebody else's.
        """
        here = self._answers.content(user_id, conversation_id)
        return here or await self._journal.read(user_id, conversation_id)

    def _begin(self, lease: Lease, turn: Turn, prepare: Prepare) -> None:
        turn.model = self._models.answering(lease.model)
        meter = Meter(cost=self._prices.of(turn.model), is_demo=self._models.is_demo(turn.model))
        self._answers.begin(lease, turn, prepare, meter)

    async def _to_answer(self, lease: Lease, message: str, content: Content, turn: Turn) -> Run:
        turns = readable_for(turn.model, content.turns[: lease.n])
        return Run(
            user_id=lease.user_id,
            model=self._models.model(turn.model),
            history=messages_of(turns, content.approvals),
            turn=turn,
            prompt=message,
            past=Past(turns=turns),
            window=self._models.window(turn.model),
            terms=await self._terms(lease, Decided()),
        )

    async def _to_go_on(self, lease: Lease, content: Content, turn: Turn) -> Run:
        turns = readable_for(turn.model, content.turns)
        found = decided(replace(content, turns=turns), lease.n - 1)
        return Run(
            user_id=lease.user_id,
            model=self._models.model(turn.model),
            history=found.history,
            turn=turn,
            past=Past(turns=turns[: lease.n], asks=False),
            window=self._models.window(turn.model),
            terms=await self._terms(lease, found),
        )

    async def _terms(self, lease: Lease, found: Decided) -> Terms:
        return Terms(
            rules=await self.settling.rules(lease.user_id, lease.conversation_id),
            decided=found,
            waive=partial(self.settling.waive, lease.user_id, lease.conversation_id),
        )


def _checked(text: str) -> str:
    message = text.strip()
    if not message:
        raise InvalidInput("The message is empty.", hint="Write something, then send it.")
    if len(message) > LONGEST_MESSAGE:
        raise TooLarge(
            f"The message has {len(message):,} characters; at most {LONGEST_MESSAGE:,} are taken.",
            hint="Shorten it, or put the text into a page and name the page.",
        )
    return message
