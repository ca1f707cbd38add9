"""Simulated model providers on loopback: the real wire formats, answers scripted by a test.

    async with FakeOpenAI() as provider:
        provider.will(Call("jira_search", {"project_key": "ENG"}))
        provider.will(Say("Here they are."))
        ... a Xerus with `provider.env` is asked something ...

Each request takes the next answer. `when("words")` makes a script of its own for the conversation in
which the person wrote these words. A request that breaks the provider's rules is answered as the
real one answers it, and fails the test at the end; so does one that no script has an answer for.
"""

import asyncio
import json
from collections import deque
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from aiohttp import web

from tests.support.model_answers import Answer, Cut, Ends, Fails, Gate, Part, Refuse, Stop, Usage
from tests.support.model_wire.anthropic import Messages
from tests.support.model_wire.chat import ChatCompletions
from tests.support.model_wire.checks import Rejected
from tests.support.model_wire.responses import Responses
from tests.support.model_wire.wire import Wire
from tests.support.processes import free_port

KEY = "sk-of-the-test-7Qv2"
USUAL = Usage()


@dataclass(frozen=True)
class Asked:
    """A request as it came; headers by their lower-case names."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    text: str
    """All that the model gets to read."""


class Script:
    """Answers in the order in which they are given."""

    def __init__(self) -> None:
        self._answers: deque[Answer | Refuse] = deque()
        self.asked: list[Asked] = []

    def will(self, *parts: Part, stop: Stop = "end", usage: Usage | None = USUAL) -> None:
        """Answer the next request with these parts."""
        self._answers.append(Answer(parts, stop, usage))

    def will_refuse(self, refusal: Refuse, times: int = 1) -> None:
        """Answer the next requests with an HTTP error."""
        self._answers.extend([refusal] * times)

    @property
    def left(self) -> int:
        """How many answers nobody has asked for yet."""
        return len(self._answers)

    def next(self) -> Answer | Refuse:
        if not self._answers:
            raise Rejected(500, "server_error", "The test has no answer for this request.")
        return self._answers.popleft()


class ModelServer(Script):
    """A provider. `known` are the models it has; others get 404."""

    provider: ClassVar[str]
    base: ClassVar[str] = ""

    def __init__(self, *wires: Wire, known: tuple[str, ...] = ("some-model",)) -> None:
        super().__init__()
        self.port = free_port()
        self.key: str | None = KEY
        self.known = set(known)
        self.complaints: list[str] = []
        self._wires = {f"{self.base}{wire.path}": wire for wire in wires}
        self._scripts: dict[str, Script] = {}
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The address that the operator sets."""
        return f"http://127.0.0.1:{self.port}{self.base}"

    @property
    def path(self) -> str:
        """The path of its first API, after `url`."""
        return next(iter(self._wires)).removeprefix(self.base)

    @property
    def env(self) -> dict[str, str]:
        """The settings of a Xerus whose model is here."""
        raise NotImplementedError

    def when(self, words: str) -> Script:
        """Return the script for the conversation in which the person wrote `words`."""
        return self._scripts.setdefault(words, Script())

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._runner:
            await self._runner.cleanup()
        if kind is None:
            self.check()

    def check(self) -> None:
        """Fail if a request broke the provider's rules."""
        assert not self.complaints, "\n".join(self.complaints)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        wire = self._wires.get(request.path)
        if wire is None or request.method != "POST":
            self.complaints.append(f"nothing at {request.method} {request.path}")
            return web.json_response({"error": {"message": "Not found"}}, status=404)
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            body = json.loads(await request.read())
            self._admit(headers, body)
            wire.check(body, headers)
            script = self._script(wire.said(body))
            script.asked.append(Asked(request.path, headers, body, wire.everything(body)))
            answer = script.next()
        except Rejected as rejected:
            if not rejected.expected:
                self.complaints.append(f"{request.path}: {rejected.message}")
            return web.json_response(wire.error(rejected), status=rejected.status)
        if isinstance(answer, Refuse):
            return _refused(answer, wire)
        if body.get("stream"):
            return await self._streamed(request, wire, answer, body)
        return await self._whole(request, wire, answer, body)

    def _admit(self, headers: dict[str, str], body: dict[str, Any]) -> None:
        """Refuse a wrong key and a model that is not here, as the real ones do."""
        if self.key is not None and self._key_of(headers) != self.key:
            raise Rejected(
                401,
                "authentication_error",
                f"Incorrect API key provided: {self._key_of(headers)}.",
                "invalid_api_key",
                expected=True,
            )
        if body.get("model") not in self.known:
            message = f"The model `{body.get('model')}` does not exist or you do not have access."
            raise Rejected(404, "not_found_error", message, "model_not_found", expected=True)

    def _key_of(self, headers: dict[str, str]) -> str:
        return headers.get("authorization", "").removeprefix("Bearer ")

    def _script(self, said: list[str]) -> Script:
        for words, script in self._scripts.items():
            if any(words in text for text in said):
                return script
        return self

    async def _whole(
        self, request: web.Request, wire: Wire, answer: Answer, body: dict[str, Any]
    ) -> web.StreamResponse:
        for part in answer.parts:
            match part:
                case Gate():
                    await part.passed()
                case Cut() | Ends():
                    return _broken(request)
                case Fails():
                    refusal = Refuse(500, part.kind, part.message, part.kind)
                    return web.json_response(wire.error(refusal), status=500)
                case _:
                    pass
        return web.json_response(wire.whole(answer, body))

    async def _streamed(
        self, request: web.Request, wire: Wire, answer: Answer, body: dict[str, Any]
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for frame in wire.stream(answer, body):
            match frame:
                case bytes():
                    await response.write(frame)
                case Gate():
                    await frame.passed()
                case Cut():
                    return _broken(request)
                case Ends():
                    break
        await response.write_eof()
        return response


class FakeOpenAI(ModelServer):
    """OpenAI's Responses API and Chat Completions."""

    provider = "openai"
    base = "/v1"

    def __init__(self, known: tuple[str, ...] = ("some-model",)) -> None:
        super().__init__(Responses(), ChatCompletions(), known=known)

    @property
    def env(self) -> dict[str, str]:
        return {
            "XERUS_MODEL": "openai:some-model",
            "OPENAI_API_KEY": KEY,
            "XERUS_OPENAI_URL": self.url,
        }


class FakeLocal(ModelServer):
    """A local server with Chat Completions alone, without a key unless the test sets one."""

    provider = "compatible"
    base = "/v1"

    def __init__(
        self,
        known: tuple[str, ...] = ("some-model",),
        *,
        strict_templates: bool = False,
        tools: bool = True,
    ) -> None:
        wire = ChatCompletions(strict_templates=strict_templates, tools=tools)
        super().__init__(wire, known=known)
        self.key = None

    @property
    def env(self) -> dict[str, str]:
        return {"XERUS_MODEL": "compatible:some-model", "XERUS_MODEL_URL": self.url}


class FakeAnthropic(ModelServer):
    """Anthropic's Messages API."""

    provider = "anthropic"

    def __init__(self, known: tuple[str, ...] = ("some-model",)) -> None:
        super().__init__(Messages(), known=known)

    @property
    def env(self) -> dict[str, str]:
        return {
            "XERUS_MODEL": "anthropic:some-model",
            "ANTHROPIC_API_KEY": KEY,
            "XERUS_ANTHROPIC_URL": self.url,
        }

    def _key_of(self, headers: dict[str, str]) -> str:
        return headers.get("x-api-key", "")


def _refused(refusal: Refuse, wire: Wire) -> web.Response:
    if refusal.body is not None:
        return web.Response(status=refusal.status, text=refusal.body, headers=refusal.headers)
    return web.json_response(
        wire.error(refusal), status=refusal.status, headers=dict(refusal.headers)
    )


def _broken(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    raise asyncio.CancelledError
