"""A person, and what the identity provider says about one."""

from dataclasses import dataclass

from xerus.ids import UserId

LOCAL_TENANT = "local"
LOCAL_SUBJECT = "administrator"


@dataclass(frozen=True, kw_only=True)
class User:
    """A person who may use Xerus.

    Attributes:
        tenant: Entra tenant id; the issuer at any other provider; `local` for the local
            administrator.
        subject: Entra object id; the provider's `sub` elsewhere. With `tenant` the key of a person:
            an e-mail address can change hands.
    """

    id: UserId
    tenant: str
    subject: str
    email: str
    name: str
    is_admin: bool

    @property
    def is_local(self) -> bool:
        """Whether this is the administrator of an installation without identity provider."""
        return self.tenant == LOCAL_TENANT


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who signed in, as the identity provider vouches for it.

    Attributes:
        trusted_email: an address that the provider itself controls; '' where it is only a claim.
        groups: ids of the groups the token names.
        roles: app roles of the registration that the person was given.
        groups_missing: the provider left the groups out, because there are too many.
        login_hint: what the provider wants to be told at sign-out, '' where it named nothing.
    """

    tenant: str
    subject: str
    email: str
    name: str
    trusted_email: str = ""
    groups: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    groups_missing: bool = False
    login_hint: str = ""

    @property
    def entries(self) -> frozenset[str]:
        """What a rule can name the person by: object id, group ids, app roles."""
        return frozenset(name.lower() for name in (self.subject, *self.groups, *self.roles) if name)


class AdminRule:
    """Decides who administers, from the entries of XERUS_ADMINS."""

    def __init__(self, *, entries: tuple[str, ...]) -> None:
        self._entries = frozenset(entry.lower() for entry in entries)

    def by_id(self, identity: Identity) -> str:
        """Return the entry that names the person, a group or an app role, '' if none does."""
        return min(self._entries & identity.entries, default="")

    def by_email(self, identity: Identity) -> str:
        """Return the e-mail entry that fits, '' if none does."""
        email = identity.trusted_email.lower()
        return email if email and email in self._entries else ""

    def holds(self, entry: str) -> bool:
        """Tell whether an entry that once made somebody administrator is still configured."""
        return entry in self._entries


class UserRule:
    """Decides who may use Xerus at all, from the entries of XERUS_USERS; without any: everybody."""

    def __init__(self, *, entries: tuple[str, ...] = ()) -> None:
        self._entries = frozenset(entry.lower() for entry in entries)

    @property
    def everybody(self) -> bool:
        """Whether whoever can sign in may use Xerus."""
        return not self._entries

    def by_id(self, identity: Identity) -> str:
        """Return the entry that names the person, a group or an app role, '' if none does."""
        return min(self._entries & identity.entries, default="")

    def holds(self, entry: str) -> bool:
        """Tell whether an entry that once let somebody in is still configured."""
        return self.everybody or entry in self._entries
