"""Whom a bearer token speaks for."""

from dataclasses import dataclass

from xerus.accounts.users import User
from xerus.errors import NotSignedIn
from xerus.ids import FamilyId


class InvalidToken(NotSignedIn):
    """A bearer token that is not accepted; the message says why, in words safe to show."""

    code = "invalid_token"


@dataclass(frozen=True, kw_only=True)
class Bearer:
    """Whom a token speaks for, through which client, and what it may do.

    Attributes:
        family_id: the grant behind it; None for the chat and for tokens of Entra itself.
        token_id: the `jti` of the token.
    """

    user: User
    client_id: str
    client_name: str
    scopes: frozenset[str]
    family_id: FamilyId | None
    token_id: str
