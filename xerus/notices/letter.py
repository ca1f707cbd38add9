"""A notice as an e-mail: plain text, the same as simple HTML, and nothing that is secret."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from urllib.parse import urlsplit

_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*"
)

_TEXT = """{title}

{text}

{action}: {address}

You get this because you use Xerus at {public_url}. At most one message about
this comes in {days} days. To get none, turn them off under Access:
{access}
"""
_HTML = """<!doctype html>
<html lang="en"><body>
<h1>{title}</h1>
<p>{text}</p>
<p><a href="{address}">{action}</a></p>
<p>You get this because you use Xerus at <a href="{public_url}">{public_url}</a>. At most one message about
this comes in {days} days. To get none, turn them off under <a href="{access}">Access</a>.</p>
</body></html>
"""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What is said, to whom, and where it is seen to.

    Attributes:
        id: names the message; the same when it is sent again, so that readers can tell.
        page: a path of this server.
    """

    id: str
    to: str
    title: str
    text: str
    page: str
    action: str


def is_address(text: str) -> bool:
    """Tell whether a text is one plain e-mail address and nothing that could end a header."""
    return _ADDRESS.fullmatch(text) is not None


def written(
    letter: Letter, *, sender: str, public_url: str, days: int, now: datetime
) -> EmailMessage:
    """Return the message.

    Raises:
        ValueError: an address or a line would break the header; nothing is sent then.
    """
    if not is_address(letter.to) or not is_address(sender):
        raise ValueError("this is no plain e-mail address")
    # Seven bits, because not every server takes eight.
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    # A line break in a value is an error of the policy's: nobody writes a header of their own.
    message["Subject"] = f"Xerus: {letter.title}"
    message["From"] = f"Xerus <{sender}>"
    message["To"] = letter.to
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{letter.id}@{urlsplit(public_url).hostname}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 5
    message["List-Unsubscribe"] = f"<{public_url}/access#mail>"  # RFC 2369 3.2
    words = {
        "title": letter.title,
        "text": letter.text,
        "action": letter.action,
        "address": f"{public_url}{letter.page}",
        "public_url": public_url,
        "access": f"{public_url}/access#mail",
        "days": str(days),
    }
    message.set_content(_TEXT.format(**words))
    message.add_alternative(
        _HTML.format(**{name: escape(value) for name, value in words.items()}), subtype="html"
    )
    return message
