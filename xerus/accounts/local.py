"""The local administrator: who may sign in where no identity provider is configured."""

import ipaddress
from datetime import timedelta

from pydantic import SecretStr

from xerus.accounts import store
from xerus.accounts.users import LOCAL_SUBJECT, LOCAL_TENANT, AdminRule, Identity, User
from xerus.clock import Clock
from xerus.db.database import Database
from xerus.db.roles import Role
from xerus.errors import Forbidden, NotSignedIn
from xerus.ids import UserId, new_secret, secret_hash

LINK_LIFE = timedelta(hours=24)
# Stands in `users.admin_by`; an e-mail or object id can never look like it.
_ADMIN_ENTRY = "local:administrator"


class LocalAdminRule(AdminRule):
    """Without an identity provider the one local person administers."""

    def __init__(self) -> None:
        super().__init__(entries=(_ADMIN_ENTRY,))


class LocalSignIn:
    """One-time links, printed in the terminal, for the single local administrator."""

    def __init__(self, *, db: Database, public_url: str, enabled: bool, clock: Clock) -> None:
        self._db = db
        self._public_url = public_url
        self._clock = clock
        self.enabled = enabled

    async def new_link(self) -> SecretStr:
        """Return a fresh sign-in link; older ones stop working."""
        secret = new_secret()
        async with self._db.transaction(Role.GATE) as conn:
            await store.insert_local_link(conn, secret_hash(secret), self._clock.now() + LINK_LIFE)
        return SecretStr(f"{self._public_url}/signin?link={secret}")

    async def redeem(self, secret: str, *, address: str) -> User:
        """Use a link once.

        Args:
            secret: the `link` parameter.
            address: where the request comes from; only this machine may use a link.

        Raises:
            Forbidden: an identity provider is configured, or the request is from elsewhere.
            NotSignedIn: the link is not valid any more.
        """
        if not self.enabled:
            raise Forbidden(
                "Sign-in links are off: an identity provider is configured.",
                hint="Use Continue with Microsoft.",
            )
        if not _is_loopback(address):
            raise Forbidden("Sign-in links work on the machine that runs Xerus only.")
        now = self._clock.now()
        async with self._db.transaction(Role.GATE) as conn:
            if not await store.use_local_link(conn, secret_hash(secret), now):
                raise NotSignedIn(
                    "This sign-in link was used already or has expired.",
                    hint="Restart Xerus: it prints a new link.",
                )
            user_id = await store.upsert_user(conn, _IDENTITY, admin_by=_ADMIN_ENTRY, now=now)
        return _user(user_id)


_IDENTITY = Identity(
    tenant=LOCAL_TENANT, subject=LOCAL_SUBJECT, email="", name="Local administrator"
)


def _user(user_id: UserId) -> User:
    return User(
        id=user_id,
        tenant=LOCAL_TENANT,
        subject=LOCAL_SUBJECT,
        email=_IDENTITY.email,
        name=_IDENTITY.name,
        is_admin=True,
    )


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
