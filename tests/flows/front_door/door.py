"""The front door alone on a free port: accounts, grants and authserver over a real database."""

import asyncio
import base64
import hashlib
import secrets
import socket
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx2
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.support.browser import Browser, LeftTheWorld
from tests.support.plain import NO_TLS
from tests.support.stack import Port
from xerus.accounts.admission import Admission
from xerus.accounts.cookies import Cookies
from xerus.accounts.local import LocalAdminRule, LocalSignIn
from xerus.accounts.recheck import Recheck
from xerus.accounts.sessions import Sessions
from xerus.accounts.signin import SignIn
from xerus.accounts.users import AdminRule, UserRule
from xerus.audit.log import AuditLog
from xerus.authserver.front import Front
from xerus.authserver.routes import routes
from xerus.db.database import Database
from xerus.db.notify import Listener
from xerus.egress.client import Egress
from xerus.egress.public import PublicReader
from xerus.errors import LimitReached
from xerus.grants.bearer import InvalidToken
from xerus.grants.clients import Clients
from xerus.grants.codes import Codes
from xerus.grants.consents import Consents
from xerus.grants.documents import Documents
from xerus.grants.entra import EntraTokens
from xerus.grants.families import Families
from xerus.grants.refresh import RefreshTokens
from xerus.grants.registrations import Registrations
from xerus.grants.requests import AuthorizationRequests
from xerus.grants.tokens import AccessTokens
from xerus.keys.file import FileKeyProvider
from xerus.keys.purpose import PurposeKeys
from xerus.keys.signing import SigningKeys
from xerus.limits.token_bucket import TokenBuckets
from xerus.oauth.credential import ClientCredential, ClientSecret
from xerus.oauth.provider import IdentityProvider
from xerus.oauth.redirect_uri import RedirectPolicy
from xerus.pages.assets import Assets
from xerus.pages.csrf import Csrf
from xerus.pages.headers import SecurityHeaders
from xerus.pages.rendering import Pages
from xerus.vault.service import Vault

CALLBACK = "http://127.0.0.1:33999/callback"
ALL_SCOPES = "jira:read jira:write confluence:read confluence:write"


class MovableClock:
    """The real time plus what a test adds, or a standing time plus that."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self._standing: datetime | None = None

    def now(self) -> datetime:
        return (self._standing or datetime.now(UTC)) + self.ahead

    def stand_still(self) -> None:
        """Pass only when a test says so, from the present on."""
        self.go_on()
        self._standing = datetime.now(UTC)

    def go_on(self) -> None:
        """Show the real time again."""
        self.ahead, self._standing = timedelta(), None


class Quota:
    """A limit that a test sets."""

    def __init__(self) -> None:
        self.left = 1_000_000
        self.keys: set[str] = set()

    async def spend(self, key: str) -> None:
        self.keys.add(key)
        self.left -= 1
        if self.left < 0:
            raise LimitReached("Too many.", retry_after=30)


@dataclass(frozen=True, kw_only=True)
class Entra:
    """The simulated Entra ID and the app registration there."""

    port: Port
    issuer: str
    client_id: str
    client_secret: str
    folder: Path
    """Where the sandbox keeps its state."""


@dataclass(kw_only=True)
class Door:
    """One front door with everything behind it."""

    database: Database
    listener: Listener
    owner_dsn: str
    folder: Path
    entra: Entra | None
    admins: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    credential: ClientCredential | None = None
    machine_role: str | None = None
    scope: str = "openid profile email"
    clock: MovableClock = field(default_factory=MovableClock)
    quota: Quota = field(default_factory=Quota)
    requests_per_minute: int = 1_000_000
    port: int = 0
    reader: PublicReader | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    async def start(self) -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        self.app = SecurityHeaders(Starlette(routes=await self._build()), https=False)
        # Longer than any test, so that no request meets a connection that is just being closed.
        config = uvicorn.Config(
            self.app, log_level="error", lifespan="off", ws="none", timeout_keep_alive=600
        )
        self._server = uvicorn.Server(config)
        self._running = asyncio.create_task(self._server.serve(sockets=[listening]))
        self.http = httpx2.AsyncClient(
            base_url=self.url, verify=NO_TLS, trust_env=False, timeout=30
        )

    async def stop(self) -> None:
        await self.http.aclose()
        self._server.should_exit = True
        await self._running
        await self.listener.stop()
        await self.audit.stop()
        await self.egress.close()
        await self.database.close()

    async def _build(self) -> list[Route]:
        clock, db = self.clock, self.database
        key = FileKeyProvider(self.folder / "key")
        keys = PurposeKeys(database=db, provider=key)
        self.vault = Vault(database=db, provider=key)
        self.signing = SigningKeys(database=db, provider=key, clock=clock)
        self.audit = AuditLog(
            database=db, keys=keys, clock=clock, checkpoint_file=self.folder / "checkpoints"
        )
        self.signing.follow(self.listener)
        for part in (self.vault, self.signing, self.audit):
            await part.start()
        self.csrf = Csrf(await keys.get("csrf"))
        self._build_accounts()
        self._build_grants(await keys.get("refresh-successor"))
        await self.listener.start()
        front = Front(
            public_url=self.url,
            pages=Pages(assets=Assets(), clock=clock),
            csrf=self.csrf,
            cookies=self.cookies,
            audit=self.audit,
            sessions=self.sessions,
            sign_in=self.sign_in,
            clients=self.clients,
            documents=self.documents,
            managed=self.managed,
            requests=self.requests,
            codes=self.codes,
            consents=self.consents,
            refresh=self.refresh,
            families=self.families,
            tokens=self.tokens,
            signing_keys=self.signing,
            registrations=self.quota,
            addresses=TokenBuckets(per_minute=self.requests_per_minute, whose="one address"),
            clock=clock,
        )
        return [*routes(front), *self._web()]

    def _build_accounts(self) -> None:
        self.egress = Egress(allowed_origins=[self.entra.port.base] if self.entra else [])
        self.provider = self._provider()
        admins = AdminRule(entries=self.admins) if self.entra else LocalAdminRule()
        common: dict[str, Any] = {"db": self.database, "clock": self.clock}
        self.admission = Admission(
            admins=admins,
            users=UserRule(entries=self.users),
            trusts_emails=self.provider is None or self.provider.discovery.rule.only_tenant,
        )
        self.recheck = Recheck(
            vault=self.vault,
            audit=self.audit,
            provider=self.provider,
            admission=self.admission,
            **common,
        )
        self.sign_in = SignIn(
            vault=self.vault,
            audit=self.audit,
            provider=self.provider,
            admins=admins,
            admission=self.admission,
            **common,
        )
        self.sessions = Sessions(
            listener=self.listener,
            audit=self.audit,
            csrf=self.csrf,
            admins=admins,
            recheck=self.recheck,
            **common,
        )
        self.local = LocalSignIn(public_url=self.url, enabled=self.entra is None, **common)
        self.cookies = Cookies(https=False)
        self._admin_rule = admins

    def _build_grants(self, successor_key: bytes) -> None:
        common: dict[str, Any] = {"db": self.database, "clock": self.clock, "audit": self.audit}
        policy = RedirectPolicy()
        self.clients = Clients(policy=policy, **common)
        self.documents = (
            Documents(reader=self.reader, policy=policy, **common) if self.reader else None
        )
        self.requests = AuthorizationRequests(vault=self.vault, **common)
        self.families = Families(**common)
        self.managed = Registrations(
            db=self.database, audit=self.audit, policy=policy, families=self.families
        )
        self.consents = Consents(**common)
        self.refresh = RefreshTokens(
            families=self.families, recheck=self.recheck, successor_key=successor_key, **common
        )
        self.codes = Codes(families=self.families, refresh=self.refresh, **common)
        entra = None
        if self.provider:
            entra = EntraTokens(
                provider=self.provider, clock=self.clock, machine_role=self.machine_role
            )
        self.tokens = AccessTokens(
            db=self.database,
            listener=self.listener,
            signing_keys=self.signing,
            issuer=self.url,
            resource=f"{self.url}/mcp",
            admins=self._admin_rule,
            admission=self.admission,
            families=self.families,
            recheck=self.recheck,
            entra=entra,
            clock=self.clock,
        )

    def _provider(self) -> IdentityProvider | None:
        if self.entra is None:
            return None
        return IdentityProvider(
            issuer=self.entra.issuer,
            client_id=self.entra.client_id,
            credential=self.credential or ClientSecret(SecretStr(self.entra.client_secret)),
            redirect_uri=f"{self.url}/oauth/callback",
            scope=self.scope,
            egress=self.egress,
            clock=self.clock,
            tenants=self.tenants,
        )

    def _web(self) -> list[Route]:
        """The least of the pages and of the MCP endpoint that the journeys need."""

        async def start(request: Request) -> Response:
            browser = self.cookies.browser_binding(request)
            url = await self.sign_in.begin(
                browser=browser,
                purpose="web",
                return_to=request.query_params.get("to", "/me"),
                session_token=self.cookies.session_token(request),
            )
            response = RedirectResponse(url, 303)
            self.cookies.keep_browser(response, browser)
            return response

        async def local(request: Request) -> Response:
            user = await self.local.redeem(request.query_params["link"], address="127.0.0.1")
            response = RedirectResponse("/me", 303)
            token = await self.sessions.create(user.id, user_agent="test")
            self.cookies.set_session(response, token)
            return response

        async def me(request: Request) -> Response:
            session = await self.cookies.session_from(request, self.sessions)
            if session is None:
                return JSONResponse(None, 401)
            user = session.user
            return JSONResponse({"email": user.email, "admin": user.is_admin, "id": session.id})

        async def mcp(request: Request) -> Response:
            try:
                token = request.headers["authorization"].removeprefix("Bearer ")
                bearer = await self.tokens.verify(token)
            except InvalidToken as error:
                return JSONResponse({"why": error.message}, 401)
            return JSONResponse(
                {
                    "email": bearer.user.email,
                    "client": bearer.client_name,
                    "scopes": sorted(bearer.scopes),
                }
            )

        return [
            Route("/start", start),
            Route("/signin", local),
            Route("/me", me),
            Route("/mcp", mcp, methods=["GET", "POST"]),
        ]

    # What clients do ---------------------------------------------------------------------------

    async def register(self, **metadata: object) -> dict[str, Any]:
        body = {"client_name": "Test client", "redirect_uris": [CALLBACK]}
        body["token_endpoint_auth_method"] = "none"
        response = await self.http.post("/oauth/register", json=body | metadata)
        assert response.status_code == 201, response.text
        reply: dict[str, Any] = response.json()
        return reply

    async def token(self, **form: str) -> httpx2.Response:
        return await self.http.post("/oauth/token", data=form)

    async def mcp(self, token: str) -> httpx2.Response:
        return await self.http.get("/mcp", headers={"Authorization": f"Bearer {token}"})

    async def events(self) -> list[str]:
        return [row["event"] async for row in self.audit.export()]


class Served(Protocol):
    """A front that somebody serves, for an attempt to go through."""

    @property
    def url(self) -> str: ...

    @property
    def entra(self) -> object: ...

    async def token(self, **form: str) -> httpx2.Response: ...


@dataclass
class Attempt:
    """One authorization by one client: its parameters and its PKCE verifier."""

    door: Served
    client_id: str
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    redirect_uri: str = CALLBACK
    state: str = field(default_factory=lambda: secrets.token_urlsafe(12))

    def url(self, **changes: str | None) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        parameters: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "state": self.state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "resource": f"{self.door.url}/mcp",
            **changes,
        }
        kept = {name: value for name, value in parameters.items() if value is not None}
        return f"{self.door.url}/oauth/authorize?{urlencode(kept)}"

    async def answer(self, browser: Browser, account: str, **changes: str | None) -> dict[str, str]:
        """Go the whole way as a person and return what the client's callback received."""
        await browser.open(self.url(**changes))
        return await self.finish(browser, account)

    async def finish(self, browser: Browser, account: str) -> dict[str, str]:
        try:
            await browser.click("Allow")
            if self.door.entra is not None:
                await browser.click(account)
        except LeftTheWorld as left:
            return query_of(left.url)
        raise AssertionError(browser.page.text)

    async def redeem(self, code: str, **changes: str) -> httpx2.Response:
        return await self.door.token(
            **{
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self.redirect_uri,
                "client_id": self.client_id,
                "code_verifier": self.verifier,
                **changes,
            }
        )

    async def tokens(self, browser: Browser, account: str) -> dict[str, Any]:
        answer = await self.answer(browser, account)
        response = await self.redeem(answer["code"])
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    async def renew(self, refresh_token: str, **changes: str) -> httpx2.Response:
        return await self.door.token(
            **{
                "grant_type": "refresh_token",
                "refresh_token": refresh_token,
                "client_id": self.client_id,
                **changes,
            }
        )


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def values_of(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)
