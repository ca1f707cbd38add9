"""What people settle for tools: kept, taken back and audited in the transaction of the change."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xerus.assistant import policy_store as store
from xerus.assistant.conversations import checked_id
from xerus.assistant.policies import OURS, About, Key, Policy, Rules, may_be_allowed, tool_of
from xerus.assistant.turns import CallNote
from xerus.assistant.verdicts import Remember
from xerus.audit.events import Event, Fact
from xerus.audit.log import AuditLog
from xerus.clock import Clock
from xerus.db.database import Connection, Database
from xerus.db.roles import Role
from xerus.errors import InvalidInput
from xerus.ids import UserId

_LONGEST = 80


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """A tool that runs in one conversation without being asked about."""

    key: Key
    title: str

    @property
    def id(self) -> str:
        """What a form names it by."""
        return hashlib.sha256("\n".join(self.key).encode()).hexdigest()[:16]


class Settling:
    """Policies of people. `may_allow`: whether the operator lets anybody allow what writes."""

    def __init__(self, *, db: Database, audit: AuditLog, clock: Clock, may_allow: bool) -> None:
        self._db = db
        self._audit = audit
        self._clock = clock
        self.may_allow = may_allow

    async def rules(self, user_id: UserId, conversation_id: str) -> Rules:
        """Return what holds for a person in a conversation."""
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            return await self._rules(conn, user_id, conversation_id)

    async def settled(self, user_id: UserId) -> Mapping[Key, Policy]:
        """Return what a person chose for tools, everywhere."""
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            return await store.settled(conn, user_id=user_id)

    async def here(self, user_id: UserId, conversation_id: str) -> list[Allowance]:
        """Return the tools that a person allows in a conversation."""
        key = checked_id(conversation_id)
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            rows = await store.here(conn, user_id=user_id, conversation_id=key)
        return [_allowance(Key(row["server"], row["tool"]), row["title"]) for row in rows]

    async def ask_again(self, user_id: UserId, conversation_id: str, key: Key) -> None:
        """Take back that a tool runs without being asked about in a conversation."""
        conversation = checked_id(conversation_id)
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            if await store.ask_here(conn, user_id=user_id, conversation_id=conversation, key=key):
                await self._record(conn, user_id, key, Policy.ASK, conversation=conversation)

    async def choose(
        self, user_id: UserId, chosen: Mapping[Key, Policy], known: Sequence[About]
    ) -> int:
        """Let policies hold everywhere; return how many are others than before.

        Raises:
            InvalidInput: one is for a tool that is not `known`, or that nobody may allow.
        """
        about = {one.key: one for one in known}
        for key, policy in chosen.items():
            if key not in about:
                raise InvalidInput(
                    "The page shows a tool that is not there any more, so nothing was saved.",
                    hint="Reload the page and choose again.",
                )
            if policy is Policy.ALLOW:
                self._check(key, reads=about[key].reads, may_allow=about[key].may_allow)
        changed = 0
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            rules = Rules(settled=await store.settled(conn, user_id=user_id), here=frozenset())
            for key, policy in chosen.items():
                if rules.chosen(about[key]) is not policy:
                    await self._settle(conn, user_id, about[key], policy)
                    changed += 1
        return changed

    async def reset(self, user_id: UserId, server: str) -> int:
        """Let nothing be settled for the tools of a server; return for how many something was."""
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            count = await store.forget_all(conn, user_id=user_id, server=server)
            if count:
                await self._audit.record(
                    conn, Event.POLICIES_RESET, user_id=user_id, server=server, tools=count
                )
        return count

    async def remember(
        self,
        conn: Connection,
        user_id: UserId,
        conversation_id: str,
        note: CallNote,
        remember: Remember,
    ) -> None:
        """Settle something for the tool of a call, along with the decision about it.

        Raises:
            InvalidInput: the tool has to be asked about each time.
        """
        key, now = Key(note.server, note.tool), self._clock.now()
        match remember:
            case "here":
                self._check(key, reads=note.reads, may_allow=note.may_allow)
                title = note.title[:_LONGEST]
                await store.allow_here(
                    conn,
                    user_id=user_id,
                    conversation_id=conversation_id,
                    key=key,
                    title=title,
                    now=now,
                )
                await self._record(conn, user_id, key, Policy.ALLOW, conversation=conversation_id)
            case "always":
                self._check(key, reads=note.reads, may_allow=note.may_allow)
                await self._put(conn, user_id, key, Policy.ALLOW)
            case "block":
                await self._put(conn, user_id, key, Policy.BLOCK)
            case "":
                return

    async def waive(
        self, user_id: UserId, conversation_id: str, tool: str, note: CallNote, wanted: bytes
    ) -> bool:
        """Record that a write runs without being asked about, if it still may at this moment.

        False: it was taken back meanwhile, and the person has to be asked.
        """
        key = Key(note.server, note.tool)
        about = About(key=key, reads=False, may_allow=note.may_allow)
        async with self._db.transaction(Role.APP, user_id=user_id) as conn:
            rules = await self._rules(conn, user_id, conversation_id)
            policy, why = rules.of(about)
            if policy is not Policy.ALLOW:
                return False
            await self._audit.record(
                conn,
                Event.APPROVAL_WAIVED,
                user_id=user_id,
                conversation=conversation_id,
                tool=tool[:_LONGEST],
                policy=why,
                arguments_hash=self._audit.correlate(wanted.hex()),
            )
        return True

    async def _rules(self, conn: Connection, user_id: UserId, conversation_id: str) -> Rules:
        rows = await store.here(conn, user_id=user_id, conversation_id=conversation_id)
        return Rules(
            settled=await store.settled(conn, user_id=user_id),
            here=frozenset(Key(row["server"], row["tool"]) for row in rows),
            may_allow=self.may_allow,
        )

    def _check(self, key: Key, *, reads: bool, may_allow: bool) -> None:
        if may_be_allowed(key, reads=reads, may_allow=may_allow and (self.may_allow or reads)):
            return
        if not self.may_allow:
            raise InvalidInput(
                "Your administrator has every change asked about, so nothing was done.",
                hint="Choose Approve or Decline.",
            )
        raise InvalidInput(
            "This tool deletes, or does many things at once, so it is asked about each time."
            " Nothing was done.",
            hint="Choose Approve or Decline.",
        )

    async def _settle(
        self, conn: Connection, user_id: UserId, about: About, policy: Policy
    ) -> None:
        if policy is about.standard:
            await store.forget(conn, user_id=user_id, key=about.key)
            await self._record(conn, user_id, about.key, policy)
        else:
            await self._put(conn, user_id, about.key, policy)

    async def _put(self, conn: Connection, user_id: UserId, key: Key, policy: Policy) -> None:
        await store.settle(conn, user_id=user_id, key=key, policy=policy, now=self._clock.now())
        await self._record(conn, user_id, key, policy)

    async def _record(
        self,
        conn: Connection,
        user_id: UserId,
        key: Key,
        policy: Policy,
        *,
        conversation: str = "",
    ) -> None:
        facts: dict[str, Fact] = {"tool": key.tool[:_LONGEST], "policy": policy.value}
        if key.server != OURS:
            facts["server"] = key.server
        if conversation:
            facts["conversation"] = conversation
        await self._audit.record(conn, Event.POLICY_SET, user_id=user_id, **facts)


def _allowance(key: Key, title: str) -> Allowance:
    tool = tool_of(key)
    return Allowance(key=key, title=tool.title if tool else title)
