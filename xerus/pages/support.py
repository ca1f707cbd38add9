"""Whom a person asks when a page could not help, and the message that is begun for them."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

_BODY = """Reference: {reference}
Time: {at:%Y-%m-%d %H:%M:%S} UTC
Page: {page}

What I did, and what I saw:

"""


@dataclass(frozen=True, kw_only=True)
class Support:
    """The operator's contact; without e-mail and URL it is "your administrator".

    Attributes:
        text: a sentence of the operator's own beside it.
    """

    email: str = ""
    url: str = ""
    text: str = ""

    @property
    def known(self) -> bool:
        """Whether the operator named a contact."""
        return bool(self.email or self.url)

    def message_to(self, page: str, reference: str, at: datetime) -> str:
        """Return a mailto link with what support asks for first (RFC 6068).

        Args:
            page: the path alone: a query can hold what is nobody else's business.
            reference: the correlation id; '' for none.
            at: when it happened.
        """
        body = _BODY.format(reference=reference or "none", at=at, page=page)
        subject = f"Xerus, reference {reference}" if reference else "Xerus"
        # RFC 6068 5: line breaks are CRLF.
        fields = f"subject={quote(subject)}&body={quote(body.replace(chr(10), chr(13) + chr(10)))}"
        return f"mailto:{quote(self.email, safe='@')}?{fields}"
