"""A mail server of the test's own, on loopback: takes messages, or fails as it is told to."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from xerus.egress.smtp import MailServer, Tls


@dataclass
class Mailbox:
    """What came, and how the server behaves from now on.

    Attributes:
        answers: by the command it answers (`DATA` before the message, `.` after it, `hello` at first).
        closes_after: the command at which it goes away without an answer.
        silent_after: the command that it never answers.
        login: the name and password it asks for.
    """

    port: int = 0
    tls: ssl.SSLContext | None = None
    at_once: bool = False
    messages: list[tuple[str, str, EmailMessage]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    closes_after: str = ""
    silent_after: str = ""
    login: tuple[str, str] | None = None

    def server(self, tls: Tls = "none") -> MailServer:
        return MailServer(host="localhost", port=self.port, tls=tls)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _Dialogue(self, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # the other side went away, as it may
        finally:
            writer.close()


class _Dialogue:
    def __init__(
        self, box: Mailbox, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._box = box
        self._reader = reader
        self._writer = writer
        self._sender = self._to = ""
        self._encrypted = box.at_once

    async def run(self) -> None:
        if not await self._say("hello", "220 here"):
            return
        while line := (await self._reader.readline()).decode().strip():
            verb = line.split(" ")[0].upper()
            self._box.commands.append(verb)
            if not await self._answer(verb, line):
                return

    async def _say(self, at: str, words: str) -> bool:
        if at == self._box.closes_after:
            return False
        if at == self._box.silent_after:
            await self._reader.read()  # until the other side has enough
            return False
        self._writer.write(self._box.answers.get(at, words).encode() + b"\r\n")
        await self._writer.drain()
        return True

    async def _answer(self, verb: str, line: str) -> bool:
        match verb:
            case "EHLO":
                words = "\r\n".join(self._offers())
            case "STARTTLS":
                return await self._encrypt()
            case "AUTH":
                words = self._judged(line)
            case "MAIL" | "RCPT":
                words = self._addressed(verb, line)
            case "DATA":
                return await self._take()
            case "QUIT":
                await self._say(verb, "221 bye")
                return False
            case _:
                words = "250 fine"
        return await self._say(verb, words)

    async def _encrypt(self) -> bool:
        goes_on = await self._say("STARTTLS", "220 go on")
        assert self._box.tls
        await self._writer.start_tls(self._box.tls)
        self._encrypted = True
        return goes_on

    def _judged(self, line: str) -> str:
        assert self._box.login
        expected = base64.b64encode("\0".join(("", *self._box.login)).encode()).decode()
        return "235 welcome" if line == f"AUTH PLAIN {expected}" else "535 no"

    def _addressed(self, verb: str, line: str) -> str:
        address = line.partition("<")[2].partition(">")[0]
        if verb == "MAIL":
            self._sender = address
        else:
            self._to = address
        return "250 fine"

    def _offers(self) -> list[str]:
        offers = ["here"]
        if self._box.tls and not self._encrypted:
            offers.append("STARTTLS")
        if self._box.login:
            offers.append("AUTH PLAIN")
        return [f"250{' ' if n == len(offers) - 1 else '-'}{one}" for n, one in enumerate(offers)]

    async def _take(self) -> bool:
        if not await self._say("DATA", "354 go on"):
            return False
        if self._box.answers.get("DATA", "354").startswith(("4", "5")):
            return True
        content = (await self._reader.readuntil(b"\r\n.\r\n")).removesuffix(b".\r\n")
        if not self._box.answers.get(".", "250").startswith(("4", "5")):
            message = message_from_bytes(content, policy=default)
            assert isinstance(message, EmailMessage)
            self._box.messages.append((self._sender, self._to, message))
        return await self._say(".", "250 taken")


@asynccontextmanager
async def mailbox(
    *, tls: ssl.SSLContext | None = None, at_once: bool = False
) -> AsyncIterator[Mailbox]:
    """Serve one; with `at_once` the connection itself is encrypted."""
    box = Mailbox(tls=tls, at_once=at_once)
    server = await asyncio.start_server(box.serve, "127.0.0.1", 0, ssl=tls if at_once else None)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
