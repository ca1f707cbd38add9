"""Who people are and what MCP clients were given: accounts, grants, the OAuth front."""

from dataclasses import dataclass

from xerus.accounts.admission import Admission
from xerus.accounts.cookies import Cookies
from xerus.accounts.local import LocalAdminRule, LocalSignIn
from xerus.accounts.recheck import Recheck
from xerus.accounts.sessions import Sessions
from xerus.accounts.signin import SignIn
from xerus.accounts.users import AdminRule, UserRule
from xerus.app.clients import listed_clients, redirect_policy
from xerus.app.disabling import Disabling
from xerus.app.foundation import Foundation
from xerus.app.removal import Removal
from xerus.authserver.front import Front
from xerus.egress.public import PublicReader
from xerus.grants.administered import AdministeredClients
from xerus.grants.clients import Clients
from xerus.grants.codes import Codes
from xerus.grants.consents import Consents
from xerus.grants.documents import Documents
from xerus.grants.entra import EntraTokens
from xerus.grants.families import Families
from xerus.grants.file_clients import FileClients
from xerus.grants.refresh import RefreshTokens
from xerus.grants.registrations import Registrations
from xerus.grants.requests import AuthorizationRequests
from xerus.grants.tokens import AccessTokens
from xerus.limits.fixed_window import FixedWindow
from xerus.limits.token_bucket import TokenBuckets
from xerus.mcpserver.metadata import resource_url
from xerus.oauth.credential import ClientCredential, ClientSecret, certificate_from_pem
from xerus.oauth.provider import IdentityProvider
from xerus.pages.csrf import Csrf
from xerus.pages.rendering import Pages
from xerus.settings.groups import Settings


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The services that know people and clients."""

    csrf: Csrf
    cookies: Cookies
    sessions: Sessions
    sign_in: SignIn
    local: LocalSignIn
    front: Front
    tokens: AccessTokens
    registrations: FixedWindow
    file_clients: FileClients
    clients: AdministeredClients
    admins: AdminRule
    removal: Removal
    disabling: Disabling


def _client_credential(base: Foundation) -> ClientCredential | None:
    wanted = base.settings.identity
    if wanted.client_certificate:
        return certificate_from_pem(wanted.client_certificate, now=base.clock.now())
    return ClientSecret(wanted.client_secret) if wanted.client_secret else None


def identity_provider(base: Foundation) -> IdentityProvider | None:
    """Return the configured OpenID Connect provider, None without one.

    Raises:
        NotConfigured: the certificate that Xerus proves itself with cannot be used.
    """
    wanted = base.settings.identity
    credential = _client_credential(base)
    if not (wanted.expected_issuer and wanted.client_id and credential):
        return None
    return IdentityProvider(
        issuer=wanted.expected_issuer,
        client_id=wanted.client_id,
        credential=credential,
        redirect_uri=base.settings.identity_redirect_uri,
        scope=wanted.scope,
        egress=base.egress,
        clock=base.clock,
        tenants=wanted.allowed_tenants,
    )


def _entra_tokens(base: Foundation, provider: IdentityProvider) -> EntraTokens:
    # An application has no Atlassian account of its own to connect: it acts by the shared token.
    shared = base.settings.credential_mode != "user"
    role = base.settings.identity.machine_role if shared else None
    return EntraTokens(provider=provider, clock=base.clock, machine_role=role)


def _admins(settings: Settings) -> AdminRule:
    identity = settings.identity
    return AdminRule(entries=identity.admins) if identity.configured else LocalAdminRule()


async def _file_clients(base: Foundation, families: Families) -> FileClients:
    found = FileClients(
        file=listed_clients(base.settings),
        db=base.db,
        audit=base.audit,
        families=families,
        clock=base.clock,
    )
    await found.check()
    return found


async def know_people(base: Foundation, pages: Pages) -> Identity:
    """Build accounts, grants and the OAuth front.

    Raises:
        SettingsError: the file of clients cannot be used.
        NotConfigured: the certificate that Xerus proves itself with cannot be used.
    """
    settings, db, audit, clock = base.settings, base.db, base.audit, base.clock
    provider, admins = identity_provider(base), _admins(settings)
    admission = Admission(
        admins=admins,
        users=UserRule(entries=settings.identity.users),
        trusts_emails=provider is None or provider.discovery.rule.only_tenant,
    )
    csrf = Csrf(await base.purposes.get("csrf"))
    cookies = Cookies(https=settings.public_url.startswith("https:"))
    recheck = Recheck(
        db=db, vault=base.vault, audit=audit, provider=provider, admission=admission, clock=clock
    )
    sessions = Sessions(
        db=db,
        listener=base.listener,
        audit=audit,
        csrf=csrf,
        admins=admins,
        recheck=recheck,
        clock=clock,
    )
    sign_in = SignIn(
        db=db,
        vault=base.vault,
        audit=audit,
        provider=provider,
        admins=admins,
        admission=admission,
        clock=clock,
    )
    families = Families(db=db, audit=audit, clock=clock)
    tokens = AccessTokens(
        db=db,
        listener=base.listener,
        signing_keys=base.signing_keys,
        issuer=settings.public_url,
        resource=resource_url(settings.public_url),
        admins=admins,
        admission=admission,
        families=families,
        recheck=recheck,
        entra=_entra_tokens(base, provider) if provider else None,
        clock=clock,
    )
    refresh = RefreshTokens(
        db=db,
        audit=audit,
        families=families,
        recheck=recheck,
        successor_key=await base.purposes.get("refresh-successor"),
        clock=clock,
    )
    registrations = FixedWindow(
        db=db, clock=clock, limit=settings.server.registrations_per_minute, name="register"
    )
    policy = redirect_policy(settings)
    clients = Clients(db=db, audit=audit, policy=policy, clock=clock)
    front = Front(
        public_url=settings.public_url,
        pages=pages,
        csrf=csrf,
        cookies=cookies,
        audit=audit,
        sessions=sessions,
        sign_in=sign_in,
        clients=clients,
        documents=Documents(reader=PublicReader(), db=db, audit=audit, policy=policy, clock=clock)
        if settings.server.client_documents
        else None,
        managed=Registrations(db=db, audit=audit, policy=policy, families=families),
        requests=AuthorizationRequests(db=db, vault=base.vault, audit=audit, clock=clock),
        codes=Codes(db=db, audit=audit, families=families, refresh=refresh, clock=clock),
        consents=Consents(db=db, audit=audit, clock=clock),
        refresh=refresh,
        families=families,
        tokens=tokens,
        signing_keys=base.signing_keys,
        registrations=registrations,
        addresses=TokenBuckets(
            per_minute=settings.server.oauth_requests_per_minute, whose="one address"
        ),
        clock=clock,
    )
    return Identity(
        csrf=csrf,
        cookies=cookies,
        sessions=sessions,
        sign_in=sign_in,
        local=LocalSignIn(
            db=db, public_url=settings.public_url, enabled=provider is None, clock=clock
        ),
        front=front,
        tokens=tokens,
        registrations=registrations,
        file_clients=await _file_clients(base, families),
        clients=AdministeredClients(
            clients=clients, db=db, audit=audit, policy=policy, families=families, clock=clock
        ),
        admins=admins,
        removal=Removal(db=db, audit=audit, admins=admins, forget=recheck.forget),
        disabling=Disabling(db=db, audit=audit, admins=admins, forget=recheck.forget, clock=clock),
    )
