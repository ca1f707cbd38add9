"""One request to Jira or Confluence: authorized, renewed once, retried, its failure understood."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin

import orjson

from xerus.atlassian.credentials import Credentials, NeedsReconnect, Product, ScopeMissing, Target
from xerus.atlassian.errors import AnswerUnusable, is_scope_miss, refusal, request_id
from xerus.atlassian.ledger import Payer
from xerus.atlassian.limits import AtlassianLimits, payer
from xerus.atlassian.pace import is_named
from xerus.atlassian.paths import fill
from xerus.atlassian.points import cost
from xerus.atlassian.retry import (
    MOST_WAITING,
    quota_used_up,
    reason,
    retry_after,
    wait_before_retry,
)
from xerus.atlassian.shapes import flaw
from xerus.atlassian.uploads import Upload
from xerus.clock import Clock
from xerus.egress.client import Egress, Reply
from xerus.errors import InvalidInput, UpstreamUnavailable

TITLES = {Product.JIRA: "Jira", Product.CONFLUENCE: "Confluence"}

_UNAUTHORIZED = 401
_FIRST_FAILURE = 300
_REDIRECTS = frozenset({302, 303, 307})
_TOO_MANY = 429
_SERVER_ERROR = 500
_MOST_HOPS = 3
_JSON = "application/json"
_ISSUE = re.compile(r"/rest/api/\d/issue/([^/?]+)")
_PER_ISSUE = "issue"
_DEADLINE = 20.0
_FILE_DEADLINE = 60.0


@dataclass(frozen=True, kw_only=True)
class _Request:
    product: str
    base: str
    method: str
    template: str
    url: str
    query: Mapping[str, str]
    body: bytes | None
    safe: bool
    payer: Payer | None
    content_type: str = _JSON
    accept: str = _JSON
    deadline: float = _DEADLINE

    @property
    def issue(self) -> str:
        """The issue that it writes, '' if none."""
        found = _ISSUE.search(self.url) if self.method != "GET" else None
        return f"{self.base} {found[1]}" if found else ""

    @property
    def endpoint(self) -> str:
        """What Atlassian counts together: method, site and path without values."""
        return f"{self.method} {self.base}{self.template}"


@dataclass
class Changes:
    """What came of the requests that change something.

    Attributes:
        made: how many were answered with success.
        unsure: how many were sent and have no verdict, not yet or for good.
    """

    made: int = 0
    unsure: int = 0

    def sent(self, request: _Request) -> None:
        """Note that a request goes out."""
        self.unsure += not request.safe

    def answered(self, request: _Request, reply: Reply) -> None:
        """Note its answer; a server's failure is no verdict."""
        if not request.safe and reply.status < _SERVER_ERROR:
            self.unsure -= 1
            self.made += reply.status < _FIRST_FAILURE


class Transport:
    """Sends requests with one caller's credentials."""

    def __init__(
        self,
        *,
        egress: Egress,
        credentials: Credentials,
        limits: AtlassianLimits,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._egress = egress
        self._credentials = credentials
        self._limits = limits
        self._clock = clock
        self._sleep = sleep
        self.received = 0
        """Bytes of the answers so far."""
        self.changes = Changes()

    async def call(
        self,
        target: Target,
        method: str,
        template: str,
        *,
        scope: str = "",
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        json: Any = None,
        safe: bool | None = None,
    ) -> Reply:
        """Send one request and return its 2xx answer.

        Args:
            target: where to.
            method: HTTP method.
            template: path below the target's base, with `{name}` for each of `path`.
            scope: the Atlassian scope it needs on Cloud; checked before anything is sent.
            path: values of the path's parameters, not yet encoded.
            query: query parameters.
            json: body, None for none.
            safe: whether it may be sent twice; by default when the method is GET.

        Raises:
            InvalidInput: a value has no place in a path or in JSON.
            ScopeMissing: the grant does not cover it.
            NeedsReconnect: the person's own token is no longer accepted and cannot be renewed.
            AtlassianRefused: a definite no.
            AnswerUnusable: it answers 2xx, with something else than the answer.
            UpstreamUnavailable: no verdict; for a write the message says that it may have happened.
        """
        request = _Request(
            product=TITLES[target.product],
            base=target.api_base,
            method=method,
            template=template,
            url=target.api_base + fill(template, path or {}),
            query=query or {},
            body=None if json is None else _encoded(json),
            safe=method == "GET" if safe is None else safe,
            payer=payer(target),
        )
        return self._accepted(target, await self._admitted(target, request, scope), request, scope)

    async def transfer(
        self,
        target: Target,
        method: str,
        template: str,
        *,
        scope: str = "",
        path: Mapping[str, str] | None = None,
        form: Upload | None = None,
    ) -> Reply:
        """Upload a file, or without a form download one; raises what `call` raises.

        Cloud sends on to its media host for a download. The address that it names carries its own
        signature; the credential does not go along, and `egress` decides which hosts there are.
        """
        request = _Request(
            product=TITLES[target.product],
            base=target.api_base,
            method=method,
            template=template,
            url=target.api_base + fill(template, path or {}),
            query={},
            body=form.body if form else None,
            safe=form is None and method == "GET",
            payer=payer(target),
            content_type=form.content_type if form else "",
            accept=_JSON if form else "*/*",
            deadline=_FILE_DEADLINE,
        )
        reply = await self._admitted(target, request, scope)
        if form is None and target.is_cloud and reply.status in _REDIRECTS:
            return await self._from_media_host(target, request, reply)
        return self._accepted(target, reply, request, scope)

    async def _admitted(self, target: Target, request: _Request, scope: str) -> Reply:
        if target.is_cloud and scope and target.scopes is not None and scope not in target.scopes:
            raise ScopeMissing({scope})
        self._limits.check(target)
        return await self._with_renewal(target, request)

    def _accepted(self, target: Target, reply: Reply, request: _Request, scope: str) -> Reply:
        self.received += len(reply.body)
        if reply.status >= _FIRST_FAILURE:
            raise self._failure(target, request, reply, scope)
        if request.accept == _JSON and (problem := flaw(request.method, request.template, reply)):
            raise AnswerUnusable(
                f"{TITLES[target.product]} sent an answer that cannot be used.",
                hint=_LATER if request.safe else _UNSURE,
                debug=f"{request.method} {request.template}: {problem}",
                upstream_status=reply.status,
                request_id=request_id(reply),
            )
        return reply

    async def _from_media_host(self, target: Target, request: _Request, reply: Reply) -> Reply:
        hops = 0
        while reply.status in _REDIRECTS and hops < _MOST_HOPS:
            hops += 1
            request = replace(request, url=_place(request.url, reply), payer=None)
            reply = await self._with_retries(request, "")
        if reply.status >= _FIRST_FAILURE:
            raise UpstreamUnavailable(
                f"{TITLES[target.product]} named a place for the file, which does not give it.",
                hint="Try again in a moment.",
                upstream_status=reply.status,
            )
        return reply

    async def _with_renewal(self, target: Target, request: _Request) -> Reply:
        secret = await self._credentials.authorization(target)
        reply = await self._with_retries(request, secret.get_secret_value())
        if reply.status != _UNAUTHORIZED or is_scope_miss(reply):
            return reply
        renewed = await self._credentials.renew(target, secret)
        if renewed is None:
            return reply
        return await self._with_retries(request, renewed.get_secret_value())

    async def _with_retries(self, request: _Request, authorization: str) -> Reply:
        tries, waited = 0, 0.0
        while True:
            if not self._limits.pace.idle:
                waited += await self._in_turn(request, MOST_WAITING - waited)
            tries += 1
            reply, lost = await self._send(request, authorization)
            self._count(request, reply)
            wait = wait_before_retry(
                reply.status if reply else 0,
                reply.headers if reply else {},
                tries=tries,
                safe=request.safe,
                now=self._clock.now(),
            )
            slowed = reply is not None and wait is not None and self._slow(request, reply, wait)
            if wait is None or waited + wait > MOST_WAITING:
                if reply is None:
                    raise lost or _no_answer(request)
                return reply
            if slowed:
                continue
            waited += wait
            await self._sleep(wait)

    async def _in_turn(self, request: _Request, most: float) -> float:
        """Wait for the turn of a request whose kind was slowed; return the seconds, 0 if it was not."""
        pace, kinds = self._limits.pace, (request.endpoint, request.issue)
        turn = pace.until(kinds)
        if turn > most:
            raise _busy(request.product, turn)
        pace.take(kinds)
        if turn:
            await self._sleep(turn)
        return turn

    def _slow(self, request: _Request, reply: Reply, wait: float) -> bool:
        """Slow what the answer says is to be slowed, for everybody; tell whether it says so."""
        said = reason(reply.headers)
        if not is_named(said):
            return False
        kind = (request.issue if _PER_ISSUE in said else "") or request.endpoint
        self._limits.pace.slow(kind, wait, reason=said)
        return True

    def _count(self, request: _Request, reply: Reply | None) -> None:
        if request.payer is None:
            return
        is_json = request.accept == _JSON
        points = cost(request.template, reply, reads=request.safe, is_json=is_json)
        self._limits.points.spend(request.payer, points, reply.headers if reply else {})

    async def _send(
        self, request: _Request, authorization: str
    ) -> tuple[Reply | None, UpstreamUnavailable | None]:
        headers = {"Accept": request.accept}
        if authorization:
            headers["Authorization"] = authorization
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        if request.method != "GET":
            # Some writes have XSRF protection, and none minds that it is switched off.
            headers["X-Atlassian-Token"] = "no-check"
        self.changes.sent(request)
        try:
            reply = await self._egress.request(
                request.method,
                request.url,
                headers=headers,
                params=request.query,
                body=request.body,
                deadline=request.deadline,
            )
        except UpstreamUnavailable as error:
            return None, error if request.safe else None
        self.changes.answered(request, reply)
        return reply, None

    def _failure(self, target: Target, request: _Request, reply: Reply, scope: str) -> Exception:
        product = TITLES[target.product]
        if reply.status == _TOO_MANY:
            seconds = retry_after(reply.headers, self._clock.now())
            if quota_used_up(reply.headers):
                return self._limits.hold(target, reason(reply.headers), seconds)
            return _busy(product, seconds, request_id=request_id(reply))
        if reply.status >= _SERVER_ERROR:
            return _broken(product, request, reply)
        if reply.status == _UNAUTHORIZED and is_scope_miss(reply):
            lacked = {scope} if scope else set[str]()
            return ScopeMissing(lacked, is_shared=target.credential == "shared")
        if reply.status == _UNAUTHORIZED and target.credential == "user":
            return NeedsReconnect(
                f"{product} no longer accepts this connection, not even with a renewed token.",
                hint="Reconnect Atlassian on the Tools page.",
            )
        return refusal(product, reply)


def _place(base: str, reply: Reply) -> str:
    """Return where a redirect leads, relative to `base`, '' for what is no address."""
    try:
        return urljoin(base, reply.headers.get("Location", ""))
    except ValueError:
        return ""


def _encoded(json: Any) -> bytes:
    try:
        return orjson.dumps(json)
    except orjson.JSONEncodeError as error:  # integers beyond 64 bits, halves of surrogate pairs
        raise InvalidInput(f"The values cannot be sent as JSON: {error}.") from error


def _busy(product: str, seconds: float | None, *, request_id: str = "") -> UpstreamUnavailable:
    when = f"in {int(seconds) + 1} seconds" if seconds else "in a minute"
    return UpstreamUnavailable(
        f"{product} receives too many requests at the moment. Nothing was changed.",
        code="rate_limited",
        hint=f"Repeat the call {when}.",
        upstream_status=_TOO_MANY,
        request_id=request_id,
        retry_after=None if seconds is None else int(seconds) + 1,
    )


def _broken(product: str, request: _Request, reply: Reply) -> UpstreamUnavailable:
    return UpstreamUnavailable(
        f"{product} has a problem of its own (status {reply.status}).",
        hint=_LATER if request.safe else _UNSURE,
        upstream_status=reply.status,
        request_id=request_id(reply),
    )


def _no_answer(request: _Request) -> UpstreamUnavailable:
    return UpstreamUnavailable(
        "Atlassian gave no answer that can be read.",
        code="unknown_outcome",
        hint=_UNSURE,
        debug=f"{request.method} {request.url}",
    )


_LATER = "Try again later."
_UNSURE = "The change may have happened: look before you repeat it."
