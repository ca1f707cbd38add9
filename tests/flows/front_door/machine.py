"""Row 12: a machine of every order of register, authorize, callback, token, refresh and revoke.

It keeps what must be true of each code and each family in a model of its own, written from RFC 6749,
RFC 7009 and RFC 9700, and compares every answer with it. The front door runs in this program, over
ASGI; the clock is the test's.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import httpx2
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)  # fmt: skip

from tests.flows.front_door.attacks import Told
from tests.flows.front_door.door import CALLBACK, Attempt, Door
from tests.support.browser import Browser, LeftTheWorld
from tests.support.journeys import ADA, GRACE
from tests.support.plain import NO_TLS

STEPS = 50
CODE_LIFE = timedelta(seconds=60)
TOKEN_LIFE = timedelta(minutes=10)
RETRY = timedelta(seconds=120)
LONGEST = timedelta(minutes=45)  # the simulated Entra's own tokens live an hour
SCOPES = st.sampled_from(
    [None, "jira:read", "jira:read jira:write", "confluence:read", "jira:read openid"]
)
ACCOUNTS = st.sampled_from([ADA, GRACE])
_MOST_ROUNDS, _LEAST_ROUND = 100, 10
ALL = {"jira:read", "jira:write", "confluence:read", "confluence:write"}


@dataclass
class Family:
    """A grant as the model sees it."""

    client: Attempt
    account: str
    scopes: set[str]
    alive: bool = True
    chain: list[str] = field(default_factory=list)
    """Refresh tokens, oldest first; the last is current."""
    rotated: list[timedelta] = field(default_factory=list)
    """When each but the last was renewed."""
    access: list[tuple[str, timedelta, set[str]]] = field(default_factory=list)


@dataclass
class Code:
    """An authorization code as the model sees it."""

    text: str
    attempt: Attempt
    account: str
    scopes: set[str]
    made: timedelta
    used: bool = False
    family: Family | None = None


@dataclass
class World:
    """What all examples share."""

    door: Door
    loop: asyncio.AbstractEventLoop
    examples: int = 0
    """Of them all, however short Hypothesis kept them."""
    whole: int = 0
    """Those of fifty steps."""
    steps: int = 0
    requests: int = 0
    families: int = 0


class Machine(RuleBasedStateMachine):
    """One example: a few clients and people, up to fifty steps."""

    world: World
    clients: Bundle[Attempt] = Bundle("clients")
    codes: Bundle[Code] = Bundle("codes")
    families: Bundle[Family] = Bundle("families")
    callbacks: Bundle[str] = Bundle("callbacks")

    def __init__(self) -> None:
        super().__init__()
        self.door = self.world.door
        self.door.clock.stand_still()
        self.http = self.door.http = self._http(self.door.url)
        self.known: list[Family] = []
        self.issued: list[Code] = []
        self.steps = -1
        self.people = {account: self._browser() for account in (ADA, GRACE)}

    def _http(self, base: str = "") -> httpx2.AsyncClient:
        inside = httpx2.ASGITransport(app=cast("Any", self.door.app), client=("127.0.0.1", 1))
        mounts = {f"all://localhost:{self.door.port}": inside}
        return httpx2.AsyncClient(
            base_url=base, mounts=mounts, verify=NO_TLS, trust_env=False, timeout=60
        )

    def _browser(self) -> Browser:
        browser = Browser(stops_at=(CALLBACK,))
        browser.http = self._http()
        browser.http.headers["Accept"] = "text/html"
        return browser

    def do(self, work: Any) -> Any:
        self.world.requests += 1
        return asyncio.run_coroutine_threadsafe(work, self.world.loop).result()

    @property
    def now(self) -> timedelta:
        return self.door.clock.ahead

    # Clients and consent ----------------------------------------------------------------------

    @initialize(target=clients)
    def first_client(self) -> Attempt:
        return self._registered()

    @initialize(target=families, account=ACCOUNTS)
    def first_family(self, account: str) -> Any:
        """Let every example have something to renew, revoke and call with from the start."""
        client = self._registered()
        return self.redeem(self.authorize(client, account, None, 1), client, "right")

    @rule(target=clients)
    def register(self) -> Attempt:
        return self._registered()

    def _registered(self) -> Attempt:
        return Attempt(self.door, self.do(self.door.register())["client_id"])

    @rule(client=clients, bad=st.sampled_from(["redirect", "challenge", "method", "resource"]))
    def ask_wrongly(self, client: Attempt, bad: str) -> None:
        changes: dict[str, dict[str, str | None]] = {
            "redirect": {"redirect_uri": "https://evil.example/cb"},
            "challenge": {"code_challenge": None},
            "method": {"code_challenge_method": "plain"},
            "resource": {"resource": "https://evil.example/mcp"},
        }
        answer = self.do(self.door.http.get(client.url(**changes[bad])))
        if bad == "redirect":
            assert answer.status_code == 400
            assert "location" not in answer.headers
        else:
            assert answer.headers["location"].startswith(CALLBACK)
            assert "error=invalid_" in answer.headers["location"]

    @rule(target=codes, client=clients, account=ACCOUNTS, scope=SCOPES, allow=st.integers(0, 4))
    def authorize(self, client: Attempt, account: str, scope: str | None, allow: int) -> Any:
        attempt = Attempt(self.door, client.client_id)
        answer = self.do(self._authorize(attempt, account, scope, allow=allow > 0))
        assert answer["state"] == attempt.state
        assert answer["iss"] == self.door.url
        if scope is not None and "openid" in scope:
            assert answer["error"] == "invalid_scope"
            return multiple()
        if allow == 0:
            assert answer["error"] == "access_denied"
            assert "code" not in answer
            return multiple()
        made = Code(answer["code"], attempt, account, set((scope or "").split()) or ALL, self.now)
        assert made.text not in {code.text for code in self.issued}
        self.issued.append(made)
        return made

    async def _authorize(
        self, attempt: Attempt, account: str, scope: str | None, *, allow: bool
    ) -> dict[str, str]:
        browser = self.people[account]
        try:
            await browser.open(attempt.url(scope=scope))
            await browser.click("Allow" if allow else "Cancel")
            await browser.click(account)
        except LeftTheWorld as left:
            return dict(httpx2.URL(left.url).params)
        raise AssertionError(browser.page.text)

    @rule(target=callbacks, client=clients, account=ACCOUNTS, twice=st.booleans())
    def callback(self, *, client: Attempt, account: str, twice: bool) -> Any:
        url = self.do(self._to_callback(Attempt(self.door, client.client_id), account))
        stranger = self.do(self._stranger(url))
        assert stranger.status_code == 403
        assert "location" not in stranger.headers
        if not twice:
            return multiple()
        self.do(self.people[account].http.get(url))
        return url

    async def _stranger(self, url: str) -> httpx2.Response:
        async with self._http() as http:
            return await http.get(url)

    async def _to_callback(self, attempt: Attempt, account: str) -> str:
        browser = self.people[account]
        browser.stops_at = (f"{self.door.url}/oauth/callback",)
        try:
            await browser.open(attempt.url())
            await browser.click("Allow")
            await browser.click(account)
        except LeftTheWorld as left:
            return left.url
        finally:
            browser.stops_at = (CALLBACK,)
        raise AssertionError(browser.page.text)

    @rule(url=callbacks, account=ACCOUNTS)
    def callback_again(self, url: str, account: str) -> None:
        answer = self.do(self.people[account].http.get(url))
        assert answer.status_code in {400, 403}
        assert "location" not in answer.headers

    # Tokens -----------------------------------------------------------------------------------

    @rule(
        target=families,
        code=codes,
        other=clients,
        how=st.sampled_from(["right", "right", "right", "verifier", "redirect", "client"]),
    )
    def redeem(self, code: Code, other: Attempt, how: str) -> Any:
        changes = {
            "right": {},
            "verifier": {"code_verifier": "x" * 43},
            "redirect": {"redirect_uri": "http://127.0.0.1:1/other"},
            "client": {"client_id": other.client_id},
        }[how]
        answer = self.do(code.attempt.redeem(code.text, **changes))
        right = how == "right" or (how == "client" and other.client_id == code.attempt.client_id)
        first, code.used = not code.used, True
        if right and first and self.now < code.made + CODE_LIFE:
            assert answer.status_code == 200, answer.text
            return self._new_family(code, answer.json())
        _is_refused(answer)
        if not first and code.family:
            code.family.alive = False  # RFC 6749 4.1.2
        return multiple()

    def _new_family(self, code: Code, given: dict[str, Any]) -> Family:
        assert set(given["scope"].split()) == code.scopes
        family = Family(code.attempt, code.account, code.scopes, chain=[given["refresh_token"]])
        family.access.append((given["access_token"], self.now, code.scopes))
        code.family = family
        self.known.append(family)
        self.world.families += 1
        return family

    @rule(
        family=families,
        back=st.sampled_from([0, 0, 0, 1, 1, 2, 3]),
        scope=st.sampled_from([None, None, "jira:read", "confluence:write"]),
    )
    def refresh(self, family: Family, back: int, scope: str | None) -> None:
        at = max(0, len(family.chain) - 1 - back)
        changes = {"scope": scope} if scope else {}
        answer = self.do(family.client.renew(family.chain[at], **changes))
        last = len(family.chain) - 1
        if not family.alive:
            _is_refused(answer)
            return
        may_retry = at == last - 1 and self.now < family.rotated[at] + RETRY
        if at < last and not may_retry:
            _is_refused(answer)
            family.alive = False  # RFC 9700 4.14.2
            return
        if scope and scope not in family.scopes:
            assert answer.json()["error"] == "invalid_scope"
            return
        assert answer.status_code == 200, answer.text
        given = answer.json()
        narrow = {scope} if scope else family.scopes
        family.access.append((given["access_token"], self.now, narrow))
        if at == last:
            assert given["refresh_token"] not in family.chain
            family.chain.append(given["refresh_token"])
            family.rotated.append(self.now)
        else:
            assert given["refresh_token"] == family.chain[last]

    @rule(family=families, other=clients)
    def refresh_by_another_client(self, family: Family, other: Attempt) -> None:
        if other.client_id == family.client.client_id:
            return
        answer = self.do(family.client.renew(family.chain[-1], client_id=other.client_id))
        _is_refused(answer)
        family.alive = False

    @rule(family=families, other=clients, old=st.booleans(), access=st.booleans())
    def revoke(self, *, family: Family, other: Attempt, old: bool, access: bool) -> None:
        token = family.access[-1][0] if access else family.chain[0 if old else -1]
        form = {"token": token, "client_id": other.client_id}
        answer = self.do(self.door.http.post("/oauth/revoke", data=form))
        assert answer.status_code == 200  # RFC 7009 2.2, whosever it is
        if other.client_id == family.client.client_id:
            family.alive = False

    @rule(seconds=st.sampled_from([5, 30, 100, 200, 700]))
    def wait(self, seconds: int) -> None:
        if self.now + timedelta(seconds=seconds) < LONGEST:
            self.door.clock.ahead += timedelta(seconds=seconds)

    # What must hold after every step -----------------------------------------------------------

    @rule(family=families, back=st.integers(0, 3))
    def call(self, family: Family, back: int) -> None:
        self._call(family, back)

    def _call(self, family: Family, back: int) -> None:
        token, made, scopes = family.access[max(0, len(family.access) - 1 - back)]
        answer = self.do(self.door.mcp(token))
        if not family.alive or self.now >= made + TOKEN_LIFE:
            assert answer.status_code == 401, "a token outlived its family or its time"
        else:
            assert answer.status_code == 200, answer.text
            seen = answer.json()
            assert seen["email"] == family.account, "a token speaks for somebody else"
            assert set(seen["scopes"]) == scopes

    @invariant(check_during_init=True)
    def newest_family_is_as_the_model_says(self) -> None:
        self.steps += 1
        if self.known:
            self._call(self.known[-1], 0)

    def teardown(self) -> None:
        self.world.examples += 1
        self.world.whole += self.steps == STEPS
        self.world.steps += self.steps

        async def close() -> None:
            for http in (self.http, *(browser.http for browser in self.people.values())):
                await http.aclose()

        asyncio.run_coroutine_threadsafe(close(), self.world.loop).result()


def _is_refused(answer: httpx2.Response) -> None:
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"] == "invalid_grant", answer.text


async def run(door: Door, *, examples: int, part: int, told: Told) -> str:
    """Run at least `examples` of fifty steps; each `part` has others, always the same."""
    world, http = World(door, asyncio.get_running_loop()), door.http
    try:
        await asyncio.to_thread(_run, world, examples, part, told)
    finally:
        door.http = http
        door.clock.go_on()
    return (
        f"{world.whole} examples of {STEPS} steps and {world.examples - world.whole} shorter ones, "
        f"{world.steps} steps, {world.requests} requests, {world.families} families; nothing broke"
    )


def _run(world: World, examples: int, part: int, told: Told) -> None:
    class OfThisWorld(Machine):
        def teardown(self) -> None:
            super().teardown()
            told(f"part {part}: {world.whole} of {examples} examples, {world.steps} steps")

    OfThisWorld.world = world
    # Hypothesis ends some examples early and counts them, so it is asked for the rest again.
    for again in range(_MOST_ROUNDS):
        if world.whole >= examples:
            return
        limits = settings(
            max_examples=max(examples - world.whole, _LEAST_ROUND if again else 1),
            stateful_step_count=STEPS, deadline=None, database=None, derandomize=False,
            suppress_health_check=list(HealthCheck), phases=[Phase.generate],
        )  # fmt: skip
        start = part * _MOST_ROUNDS + again
        run_state_machine_as_test(seed(start)(OfThisWorld), settings=limits)
    raise AssertionError(f"only {world.whole} of {examples} examples had {STEPS} steps")
