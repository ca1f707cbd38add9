"""Xerus as a client of the identity provider: authorization URL, code, refresh."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson
from pydantic import SecretStr

from xerus.clock import Clock
from xerus.egress.client import Egress, Reply
from xerus.errors import UpstreamRefused, UpstreamUnavailable
from xerus.oauth import id_token, pkce
from xerus.oauth.aadsts import diagnosed
from xerus.oauth.credential import ClientCredential
from xerus.oauth.discovery import Discovery
from xerus.oauth.errors import InteractionRequired, InvalidToken
from xerus.oauth.memberships import may_read, memberships

_OK = 200
_DEADLINE_SECONDS = 10.0
_MAX_BYTES = 2**18
_LONGEST_CLAIMS = 4000
# What ends a person's access. Everything else is our configuration or an outage: Microsoft says
# to branch on `error` only, never on AADSTS numbers or texts.
_ENDS_ACCESS = frozenset(
    {"invalid_grant", "interaction_required", "consent_required", "login_required", "access_denied"}
)


@dataclass(frozen=True, kw_only=True)
class RenewedTokens:
    """What a renewal gave.

    Attributes:
        refresh_token: the one to use next time; the old one where no new one came.
        claims: of the ID token that came along, verified; None where none came.
    """

    refresh_token: SecretStr
    claims: id_token.Claims | None


@dataclass(frozen=True, kw_only=True)
class SignedInTokens:
    """What a redeemed code gave: verified claims and the token to ask again with."""

    claims: id_token.Claims
    refresh_token: SecretStr | None


class IdentityProvider:
    """One app registration at one issuer."""

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        credential: ClientCredential,
        redirect_uri: str,
        scope: str,
        egress: Egress,
        clock: Clock,
        tenants: Iterable[str] = (),
    ) -> None:
        self.issuer = issuer
        self.client_id = client_id
        self.discovery = Discovery(issuer=issuer, egress=egress, clock=clock, tenants=tenants)
        self.scopes = _scopes(scope)
        self._credential = credential
        self._redirect_uri = redirect_uri
        self._egress = egress
        self._clock = clock

    async def authorize_url(
        self, *, state: str, nonce: str, verifier: str, claims: str = ""
    ) -> str:
        """Return where the browser goes to sign in; `claims` is what the provider demanded before.

        Never carries `resource`: Entra answers AADSTS9010010 to it.

        Raises:
            UpstreamError: the provider's metadata cannot be had.
            NotConfigured: its metadata does not fit the settings.
        """
        metadata = await self.discovery.metadata()
        query = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": self._redirect_uri,
            "response_mode": "query",
            "scope": " ".join(self.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": pkce.challenge(verifier),
            "code_challenge_method": pkce.METHOD,
        }
        if claims:
            query["claims"] = claims
        glue = "&" if "?" in metadata.authorization_endpoint else "?"
        return f"{metadata.authorization_endpoint}{glue}{urlencode(query)}"

    async def sign_out_url(self, *, login_hint: str) -> str:
        """Return where the browser goes to sign out of the provider too, '' where it has no such page.

        The way back is the one registered redirect, so that nothing else has to be registered
        (OpenID Connect RP-Initiated Logout 1.0, 2).

        Raises:
            UpstreamError: the provider's metadata cannot be had.
            NotConfigured: its metadata does not fit the settings.
        """
        endpoint = (await self.discovery.metadata()).end_session_endpoint
        if not endpoint:
            return ""
        query = {"client_id": self.client_id, "post_logout_redirect_uri": self._redirect_uri}
        if login_hint:
            query["logout_hint"] = login_hint
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    async def redeem(self, *, code: str, verifier: str, nonce: str) -> SignedInTokens:
        """Exchange a code and verify the ID token that comes with it.

        Raises:
            InteractionRequired: the person has to come again with what its `claims` demand.
            UpstreamRefused: the provider does not accept the code or our registration.
            UpstreamUnavailable: no verdict.
            InvalidToken: the ID token is not one for this sign-in.
        """
        answer = await self._token_request(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self._redirect_uri,
                "code_verifier": verifier,
            }
        )
        claims = await id_token.verified_claims(
            str(answer.get("id_token") or ""), discovery=self.discovery, now=self._clock.now()
        )
        id_token.check_id_token(claims, client_id=self.client_id, nonce=nonce)
        refresh = answer.get("refresh_token")
        return SignedInTokens(
            claims=await self._with_groups(claims, answer),
            refresh_token=SecretStr(str(refresh)) if refresh else None,
        )

    async def refresh(self, refresh_token: SecretStr) -> RenewedTokens:
        """Renew at the provider, which shows that the person is still allowed.

        Raises:
            InteractionRequired: the person has to sign in again, with what its `claims` demand.
            UpstreamRefused: the provider ended the access of this person.
            UpstreamUnavailable: no verdict, or a problem of our own registration.
        """
        form = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token.get_secret_value(),
            "scope": " ".join(self.scopes),
        }
        try:
            answer = await self._token_request(form)
        except UpstreamRefused as error:
            if error.code in _ENDS_ACCESS:
                raise
            raise UpstreamUnavailable(
                "The identity provider does not accept Xerus's own registration.",
                hint="An administrator can check ENTRA_ID_CLIENT_ID and its secret or certificate.",
                debug=error.debug,
                upstream_status=error.upstream_status,
                request_id=error.request_id,
            ) from error
        return RenewedTokens(
            refresh_token=SecretStr(
                str(answer.get("refresh_token") or refresh_token.get_secret_value())
            ),
            claims=await self._renewed_claims(answer),
        )

    async def _renewed_claims(self, answer: Mapping[str, Any]) -> id_token.Claims | None:
        token = answer.get("id_token")
        if not isinstance(token, str) or not token:
            return None
        try:
            claims = await id_token.verified_claims(
                token, discovery=self.discovery, now=self._clock.now()
            )
            id_token.check_renewed(claims, client_id=self.client_id)
        except InvalidToken as error:
            raise UpstreamUnavailable(
                "The identity provider's answer cannot be verified.",
                hint="Try again in a minute.",
                debug=error.description,
            ) from error
        return await self._with_groups(claims, answer)

    async def _with_groups(
        self, claims: id_token.Claims, answer: Mapping[str, Any]
    ) -> id_token.Claims:
        """Ask Graph for the groups that a token of Entra had no room for, where we may."""
        readable = id_token.tenant_of(claims) and may_read(answer.get("scope"))
        if not id_token.lacks_groups(claims) or not readable:
            return claims
        graph_url = (await self.discovery.metadata()).userinfo_endpoint
        token = SecretStr(str(answer.get("access_token") or ""))
        found = await memberships(self._egress, graph_url, token) if graph_url else None
        if found is None:
            return claims
        kept = {k: v for k, v in claims.items() if k not in {"_claim_names", "hasgroups"}}
        return {**kept, "groups": sorted(found)}

    async def _token_request(self, form: dict[str, str]) -> Mapping[str, Any]:
        metadata = await self.discovery.metadata()
        proof = self._credential.fields(
            client_id=self.client_id, audience=metadata.token_endpoint, now=self._clock.now()
        )
        body = urlencode({**form, "client_id": self.client_id, **proof}).encode()
        reply = await self._egress.request(
            "POST",
            metadata.token_endpoint,
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            },
            body=body,
            deadline=_DEADLINE_SECONDS,
            max_bytes=_MAX_BYTES,
            alone=True,  # another person's answer would be another person's tokens
        )
        answer = reply.json()
        if not isinstance(answer, Mapping):
            raise UpstreamUnavailable(
                "The identity provider sent an answer that cannot be read.",
                hint="Try again in a minute.",
                upstream_status=reply.status,
            )
        if reply.status != _OK:
            raise _refusal(reply, answer)
        return answer


def _scopes(configured: str) -> tuple[str, ...]:
    """Return the scopes to ask for: always `openid`, and `offline_access` to be able to ask again."""
    return tuple(dict.fromkeys(["openid", *configured.split(), "offline_access"]))


def _refusal(reply: Reply, answer: Mapping[str, Any]) -> UpstreamRefused | UpstreamUnavailable:
    # RFC 6749 5.2 sends errors as 400 or 401; 429 and 5xx say nothing about the person.
    error = str(answer.get("error") or "")
    numbers = answer.get("error_codes")
    number = f" AADSTS{numbers[0]}" if isinstance(numbers, list) and numbers else ""
    trace = str(answer.get("trace_id") or "")
    debug = f"token endpoint: {reply.status} {error}{number} suberror={answer.get('suberror', '')}"
    if reply.status not in {400, 401, 403} or not error:
        return UpstreamUnavailable(
            "The identity provider is having trouble.",
            hint="Try again in a minute.",
            debug=debug,
            upstream_status=reply.status,
            request_id=trace,
        )
    said = diagnosed(str(answer.get("error_description") or ""))
    claims = _claims(answer)
    refused = InteractionRequired if claims or error == "interaction_required" else UpstreamRefused
    refusal = refused(
        said.message if said else f"The identity provider refused: {error}{number}.",
        code=error,
        hint=said.hint
        if said
        else "Sign in again. If it stays, an administrator can look up the reference.",
        debug=debug,
        upstream_status=reply.status,
        request_id=trace,
    )
    if isinstance(refusal, InteractionRequired):
        refusal.claims = claims
    return refusal


def _claims(answer: Mapping[str, Any]) -> str:
    """Return the `claims` of a refusal, '' where they are no JSON object of a sane length."""
    claims = answer.get("claims")
    if not isinstance(claims, str) or len(claims) > _LONGEST_CLAIMS:
        return ""
    try:
        return claims if isinstance(orjson.loads(claims), dict) else ""
    except orjson.JSONDecodeError:
        return ""
