"""Xerus as a client of a server's authorization server: to consent, for tokens, to revoke them.

Sources: RFC 6749, 7009, 7636, 8707, 9207; OAuth 2.1. Addresses come from metadata, so each request goes
through `ServerEgress`, which judges them anew.
"""

import base64
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote, urlencode

from pydantic import SecretStr

from xerus.clock import Clock
from xerus.connections.provider import TOKEN_DEADLINE, TokenSet
from xerus.connections.token_answers import read_token_answer
from xerus.egress.client import Reply
from xerus.egress.servers import ServerEgress
from xerus.errors import UpstreamError, UpstreamRefused
from xerus.oauth import pkce
from xerus.remotes.sealing import Secrets
from xerus.remotes.servers import OAuthClient, Registered
from xerus.remotes.tables import Remote

_MOST_BYTES = 256 * 1024
_REVOKE_SECONDS = 8.0
_SETTINGS = "the server's page under Admin, MCP servers"


class Client:
    """One server's client, as it is registered at this moment."""

    def __init__(
        self,
        row: Registered,
        *,
        redirect_uri: str,
        secrets: Secrets,
        egress: ServerEgress,
        clock: Clock,
    ) -> None:
        self._row = row
        self._redirect_uri = redirect_uri
        self._secrets = secrets
        self._egress = egress
        self._clock = clock

    @property
    def link(self) -> Remote:
        """The server."""
        return Remote(self._row.server.name)

    @property
    def configured(self) -> bool:
        """Whether there is a client."""
        return self._row.oauth is not None

    @property
    def settings(self) -> str:
        """What sets it up, in words."""
        return _SETTINGS

    @property
    def oauth(self) -> OAuthClient:
        """The client; there is one where people sign in."""
        assert self._row.oauth is not None
        return self._row.oauth

    def authorize_url(self, *, state: str, code_challenge: str) -> str:
        """Return where the browser goes to consent."""
        client = self.oauth
        asked = {
            "response_type": "code",
            "client_id": client.client_id,
            "redirect_uri": self._redirect_uri,
            "state": state,
            "code_challenge": code_challenge,
            "code_challenge_method": pkce.METHOD,
            "resource": client.resource,
        }
        if client.scopes:
            asked["scope"] = " ".join(client.scopes)
        joint = "&" if "?" in client.authorization_endpoint else "?"
        return f"{client.authorization_endpoint}{joint}{urlencode(asked, quote_via=quote)}"

    def check_issuer(self, query: Mapping[str, str]) -> None:
        """Refuse an answer of another authorization server (RFC 9207 2.4: mix-up).

        Raises:
            UpstreamRefused: it names another, or none where ours always does.
        """
        named, client = query.get("iss"), self.oauth
        if named == client.issuer or (named is None and not client.names_issuer):
            return
        raise UpstreamRefused(
            "The answer came from another authorization server, so nothing was done with it.",
            hint="Start again from the Tools page. If it happens again, tell your administrator.",
            code="wrong_issuer",
        )

    async def exchange(self, *, code: SecretStr, code_verifier: SecretStr) -> TokenSet:
        """Redeem an authorization code. Raises as `refresh`."""
        return await self._token(
            {
                "grant_type": "authorization_code",
                "code": code.get_secret_value(),
                "code_verifier": code_verifier.get_secret_value(),
                "redirect_uri": self._redirect_uri,
            },
            deadline=TOKEN_DEADLINE,
        )

    async def refresh(self, refresh_token: SecretStr, *, deadline: float) -> TokenSet:
        """Spend a refresh token.

        Raises:
            GrantRefused: it is dead.
            ClientRejected: our client is not accepted; says nothing about the grant.
            UpstreamUnavailable: no verdict.
        """
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token.get_secret_value()}
        return await self._token(form, deadline=deadline)

    async def revoke(self, token: SecretStr, *, hint: str) -> bool:
        """Tell the authorization server to end a token (RFC 7009); False where it was not told."""
        client = self.oauth
        if not client.revocation_endpoint:
            return False
        form = {"token": token.get_secret_value(), "token_type_hint": hint}
        try:
            reply = await self._post(client.revocation_endpoint, form, deadline=_REVOKE_SECONDS)
        except UpstreamError:
            return False
        return reply.status == HTTPStatus.OK

    async def _token(self, form: dict[str, str], *, deadline: float) -> TokenSet:
        requested_at = self._clock.now()
        # RFC 8707 2.2: also with the token request, so that the token is good there and nowhere else.
        form = {**form, "resource": self.oauth.resource}
        reply = await self._post(self.oauth.token_endpoint, form, deadline=deadline)
        return read_token_answer(
            reply, requested_at, settings=_SETTINGS, label=self._row.server.name
        )

    async def _post(self, url: str, form: dict[str, str], *, deadline: float) -> Reply:
        headers, fields = await self._proof()
        return await self._egress.request(
            "POST",
            url,
            named_by=self._row.server.url,
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
                **headers,
            },
            body=urlencode({**form, **fields}).encode(),
            deadline=deadline,
            max_bytes=_MOST_BYTES,
        )

    async def _proof(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return the header and the form fields that prove who asks."""
        client, sealed = self.oauth, self._row.client_secret
        if sealed is None:
            return {}, {"client_id": client.client_id}
        opened = await self._secrets.open(sealed, self._row.server.id, "client_secret")
        secret = opened.get_secret_value()
        if client.auth_method == "client_secret_basic":
            # RFC 6749 2.3.1: both are form-encoded before they are joined.
            pair = f"{quote(client.client_id, safe='')}:{quote(secret, safe='')}"
            return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}, {}
        return {}, {"client_id": client.client_id, "client_secret": secret}
