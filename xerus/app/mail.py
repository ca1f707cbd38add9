"""E-mail, as the settings say."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from xerus.accounts.users import AdminRule
from xerus.app.foundation import Foundation
from xerus.connections.links import Link
from xerus.connections.service import Connections
from xerus.egress.smtp import MailServer, Smtp
from xerus.notices.mailing import Mailing
from xerus.settings.groups import Settings
from xerus.worker.loops import Loop

_FILL_SECONDS, _SEND_SECONDS = 600.0, 15.0


def smtp_of(settings: Settings) -> Smtp | None:
    """Return the way out for mail, None where no server is set."""
    mail = settings.mail
    if not mail.configured or mail.host is None:
        return None
    server = MailServer(
        host=mail.host,
        port=mail.port,
        tls=mail.tls,
        username=mail.username or "",
        password=mail.password,
    )
    return Smtp(server, name=urlsplit(settings.public_url).hostname or "localhost")


def mailing_for(base: Foundation, admins: AdminRule, links: Mapping[Link, Connections]) -> Mailing:
    """Return what fills and empties the outbox."""
    settings = base.settings
    shared = settings.credential_mode == "shared"
    return Mailing(
        db=base.db,
        clock=base.clock,
        smtp=smtp_of(settings),
        sender=settings.mail.sender or "",
        public_url=settings.public_url,
        days=settings.mail.days,
        links=() if shared else [link for link, one in links.items() if one.configured],
        admins=admins,
        metrics=base.metrics,
    )


def mail_loops(mailing: Mailing) -> Iterator[Loop]:
    """Yield what the worker does for mail; nothing where none is sent."""
    if mailing.configured:
        yield Loop(name="mail-fill", every_seconds=_FILL_SECONDS, run=mailing.fill)
        yield Loop(name="mail", every_seconds=_SEND_SECONDS, run=mailing.send)
