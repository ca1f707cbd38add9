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
    """

    tenant: str
    subject: str
    email: str
    name: str
    trusted_email: str = ""
    groups: frozenset[str] = frozenset()


class AdminRule:
    """Decides who administers, from the entries of XERUS_ADMINS."""

    def __init__(self, *, entries: tuple[str, ...]) -> None:
        self._entries = frozenset(entry.lower() for entry in entries)

    def by_id(self, identity: Identity) -> str:
        """Return the entry that names the person or a group of theirs, '' if none does."""
        ids = {identity.subject.lower(), *(group.lower() for group in identity.groups)}
        return min(self._entries & ids, default="")

    def by_email(self, identity: Identity) -> str:
        """Return the e-mail entry that fits, '' if none does."""
        email = identity.trusted_email.lower()
        return email if email and email in self._entries else ""

    def holds(self, entry: str) -> bool:
        """Tell whether an entry that once made somebody administrator is still configured."""
        return entry in self._entries
