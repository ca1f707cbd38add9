"""The way out for e-mail: encrypted, bounded in time, and honest about what is not known."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from pydantic import SecretStr

from tests.support.certificates import for_localhost
from tests.support.smtp import Mailbox, mailbox
from xerus.egress.smtp import MailServer, MailUnsure, Smtp, Tls
from xerus.errors import UpstreamRefused, UpstreamUnavailable
from xerus.notices.letter import Letter, is_address, written

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
FROM, TO = "xerus@example.com", "ada@example.com"
LETTER = Letter(
    id="7d3c",
    to=TO,
    title="Atlassian has to be connected again.",
    text="Until then the chat <cannot> use it; “sites” stay.",
    page="/tools",
    action="Reconnect",
)


def message(letter: Letter = LETTER) -> EmailMessage:
    return written(letter, sender=FROM, public_url="https://xerus.example.com", days=7, now=NOW)


@pytest.fixture
async def box() -> AsyncIterator[Mailbox]:
    async with mailbox() as open_box:
        yield open_box


def smtp(box: Mailbox, tls: Tls = "none", **more: Any) -> Smtp:
    return Smtp(box.server(tls), name="xerus.example.com", **more)


async def send(out: Smtp, to: str = TO) -> None:
    await out.send(message(), sender=FROM, to=to)


async def test_a_message_arrives_as_text_and_html_with_a_way_to_end_them(box: Mailbox) -> None:
    await send(smtp(box))
    ((sender, to, came),) = box.messages
    assert (sender, to) == (FROM, TO)
    assert came["Subject"] == "Xerus: Atlassian has to be connected again."
    assert came["Message-ID"] == "<7d3c@xerus.example.com>"
    assert came["Auto-Submitted"] == "auto-generated"
    assert came["List-Unsubscribe"] == "<https://xerus.example.com/access#mail>"
    text, html = (part.get_content() for part in came.iter_parts())
    for body in (text, html):
        assert "https://xerus.example.com/tools" in body
        assert "https://xerus.example.com/access#mail" in body
    assert "<cannot>" in text
    assert "&lt;cannot&gt;" in html
    assert "“sites”" in text


@pytest.mark.parametrize("bad", ["x\r\nBcc: all@example.com", "x\nX: y", "x\rX: y"])
def test_no_value_writes_a_header_of_its_own(bad: str) -> None:
    hostile = Letter(id="1", to=TO, title=bad, text="", page="/", action="")
    with pytest.raises(ValueError, match=r"(?i)header|newline|linefeed"):
        message(hostile)


@pytest.mark.parametrize(
    "address",
    [
        "ada@example.com\r\nBcc: all@example.com",
        "ada@example.com, all@example.com",
        "Ada <ada@example.com>",
        "ada@example.com>\r\nRCPT TO:<all@example.com",
        "ada",
        "",
        "ada@exa mple.com",
    ],
)
def test_only_one_plain_address_is_written_to(address: str) -> None:
    assert not is_address(address)
    hostile = Letter(id="1", to=address, title="x", text="", page="/", action="")
    with pytest.raises(ValueError, match="plain e-mail address"):
        message(hostile)


async def test_no_recipient_speaks_to_the_server(box: Mailbox) -> None:
    with pytest.raises(UpstreamRefused):
        await send(smtp(box), to="ada@example.com>\r\nRCPT TO:<all@example.com")
    assert box.commands == []


@pytest.mark.parametrize("at", ["hello", "MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize("code", [451, 550])
async def test_what_the_server_says_no_to_was_not_sent(box: Mailbox, at: str, code: int) -> None:
    of_message = at in {"RCPT", "DATA", "."}  # else it has something against us
    kind = UpstreamRefused if code == 550 and of_message else UpstreamUnavailable
    box.answers[at] = f"{code} no"
    with pytest.raises(kind) as caught:
        await send(smtp(box))
    assert not isinstance(caught.value, MailUnsure)
    assert box.messages == []


@pytest.mark.parametrize("at", ["hello", "EHLO", "MAIL", "RCPT"])
async def test_a_connection_that_breaks_before_the_message_sent_nothing(
    box: Mailbox, at: str
) -> None:
    box.closes_after = at
    with pytest.raises(UpstreamUnavailable) as caught:
        await send(smtp(box))
    assert not isinstance(caught.value, MailUnsure)


async def test_a_connection_that_breaks_after_it_leaves_that_open(box: Mailbox) -> None:
    box.closes_after = "."
    with pytest.raises(MailUnsure):
        await send(smtp(box))
    assert len(box.messages) == 1


@pytest.mark.parametrize(("at", "unsure"), [("hello", False), ("RCPT", False), (".", True)])
async def test_a_server_that_says_nothing_is_left_at_the_deadline(
    box: Mailbox,
    at: str,
    unsure: bool,  # noqa: FBT001 - of the table
) -> None:
    box.silent_after = at
    with pytest.raises(UpstreamUnavailable) as caught:
        await send(smtp(box, deadline=0.2))
    assert isinstance(caught.value, MailUnsure) is unsure


async def test_nobody_there_is_said_with_what_to_check() -> None:
    gone = MailServer(host="127.0.0.1", port=1, tls="none")
    with pytest.raises(UpstreamUnavailable, match="cannot be reached") as caught:
        await Smtp(gone, name="x").greet()
    assert "XERUS_SMTP_HOST" in caught.value.hint


@dataclass(frozen=True)
class Contexts:
    """What the server shows, and what believes it."""

    server: ssl.SSLContext
    client: ssl.SSLContext


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> Contexts:
    trusted = tmp_path_factory.mktemp("mail") / "authorities.pem"
    server = for_localhost(trusted)
    return Contexts(server=server, client=ssl.create_default_context(cafile=trusted))


@pytest.mark.parametrize("tls", ["starttls", "smtps"])
async def test_the_way_is_encrypted_and_the_certificate_checked(
    contexts: Contexts, tls: Tls
) -> None:
    at_once = tls == "smtps"
    async with mailbox(tls=contexts.server, at_once=at_once) as box:
        await send(smtp(box, tls, context=contexts.client))
        assert len(box.messages) == 1
        with pytest.raises(UpstreamUnavailable, match="as XERUS_SMTP_TLS says"):
            await send(smtp(box, tls, context=ssl.create_default_context()))
        assert len(box.messages) == 1


async def test_without_encryption_where_it_is_asked_for_nothing_is_sent(box: Mailbox) -> None:
    with pytest.raises(UpstreamUnavailable, match="XERUS_SMTP_TLS"):
        await send(smtp(box, "starttls"))
    assert "MAIL" not in box.commands


@pytest.mark.parametrize(("password", "taken"), [("right", True), ("wrong", False)])
async def test_the_login_is_used_and_its_refusal_said_without_it(
    contexts: Contexts,
    password: str,
    taken: bool,  # noqa: FBT001 - of the table
) -> None:
    async with mailbox(tls=contexts.server) as box:
        box.login = ("xerus", "right")
        server = MailServer(
            host="localhost",
            port=box.port,
            tls="starttls",
            username="xerus",
            password=SecretStr(password),
        )
        out = Smtp(server, name="x", context=contexts.client)
        if taken:
            await out.greet()
            return
        with pytest.raises(UpstreamUnavailable, match="does not let Xerus in") as caught:
            await out.greet()
        assert "XERUS_SMTP_PASSWORD" in caught.value.hint
        assert password not in f"{caught.value.message}{caught.value.hint}{caught.value.debug}"
