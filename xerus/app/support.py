"""The operator's support, as the settings name it."""

from xerus.pages.support import Support
from xerus.settings.groups import Settings


def support_of(settings: Settings) -> Support:
    """Return whom people ask; a contact with an @ and no scheme is an e-mail address."""
    contact, text = settings.support.contact or "", settings.support.text or ""
    is_url = contact.startswith("https:")
    return Support(
        email="" if is_url else contact,
        url=contact if is_url else "",
        text=text,
    )
