"""The way out for e-mail: one server, named by the operator, and nothing else.

`smtplib` runs in a thread; a total deadline cuts its socket. What is not known is told apart from what
failed: after the end of a message was sent, only the server's answer says whether it took it.
"""

import asyncio
import contextlib
import smtplib  # noqa: TID251 - this file is the way out for e-mail
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Literal

from pydantic import SecretStr

from xerus.errors import UpstreamError, UpstreamRefused, UpstreamUnavailable

Tls = Literal["smtps", "starttls", "none"]

_STEP_SECONDS = 10.0
_DEADLINE_SECONDS = 30.0
_PERMANENT = 500
_ENDS_A_COMMAND = frozenset("\r\n\0<> ")


class MailUnsure(UpstreamUnavailable):
    """The connection broke after the whole message was sent: it may have been taken."""

    code = "mail_unsure"


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """Where mail is handed in, as the settings say; `none` is for loopback alone."""

    host: str
    port: int
    tls: Tls
    username: str = ""
    password: SecretStr | None = None


@dataclass
class _Attempt:
    """What a thread does, as far as the loop outside has to know."""

    client: smtplib.SMTP | None = None
    is_sent: bool = False


class Smtp:
    """Hands messages in."""

    def __init__(
        self,
        server: MailServer,
        *,
        name: str,
        deadline: float = _DEADLINE_SECONDS,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """Make one.

        Args:
            server: where mail is handed in.
            name: the host name that Xerus says it is.
            deadline: seconds for all of one message.
            context: checks certificates; left out, the system's authorities do.
        """
        self._server = server
        self._name = name
        self._deadline = deadline
        self._context = context or ssl.create_default_context()

    async def send(self, message: EmailMessage, *, sender: str, to: str) -> None:
        """Hand in one message for one person.

        Raises:
            UpstreamRefused: the server will not take it, now or later.
            UpstreamUnavailable: it was not taken; later it may be.
            MailUnsure: it may have been taken.
        """
        if set(sender + to) & _ENDS_A_COMMAND:
            raise UpstreamRefused("This is no address to send mail to.", code="mail_address")
        await self._run(lambda client, attempt: _hand_in(client, attempt, message, sender, to))

    async def greet(self) -> None:
        """Connect and log in, and send nothing. Raises as `send`."""
        await self._run(_nothing)

    async def _run(self, step: Callable[[smtplib.SMTP, _Attempt], None]) -> None:
        attempt = _Attempt()
        thread = asyncio.create_task(asyncio.to_thread(self._go, attempt, step))
        done, _ = await asyncio.wait([thread], timeout=self._deadline)
        if not done:
            _cut(attempt)
            done, _ = await asyncio.wait([thread], timeout=_STEP_SECONDS)
        if not done:  # it asks for an address, which nothing cuts; whatever it brings is too late
            thread.add_done_callback(lambda late: late.exception())
            raise _broken(TimeoutError(), attempt)
        try:
            await thread
        except smtplib.SMTPRecipientsRefused as error:
            code, _words = next(iter(error.recipients.values()))
            raise _answered(code, is_of_message=True) from error
        except smtplib.SMTPResponseException as error:
            of_message = isinstance(error, smtplib.SMTPDataError)
            raise _answered(error.smtp_code, is_of_message=of_message) from error
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise _broken(error, attempt) from error

    def _go(self, attempt: _Attempt, step: Callable[[smtplib.SMTP, _Attempt], None]) -> None:
        """Runs in the thread."""
        server = self._server
        with self._connected(attempt) as client:
            if server.tls == "starttls":
                client.starttls(context=self._context)
                client.ehlo_or_helo_if_needed()
            if server.username and server.password:
                client.login(server.username, server.password.get_secret_value())
            step(client, attempt)
            with contextlib.suppress(smtplib.SMTPException, OSError):
                client.quit()

    @contextlib.contextmanager
    def _connected(self, attempt: _Attempt) -> Iterator[smtplib.SMTP]:
        server = self._server
        if server.tls == "smtps":
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                local_hostname=self._name, timeout=_STEP_SECONDS, context=self._context
            )
        else:
            client = smtplib.SMTP(local_hostname=self._name, timeout=_STEP_SECONDS)
        client._host = server.host  # type: ignore[attr-defined]  # noqa: SLF001 - the name that TLS checks
        attempt.client = client
        try:
            code, words = client.connect(server.host, server.port)
            if code != 220:  # noqa: PLR2004 - RFC 5321 4.2: service ready
                raise smtplib.SMTPConnectError(code, words)
            client.ehlo_or_helo_if_needed()
            yield client
        finally:
            client.close()


def _nothing(_client: smtplib.SMTP, _attempt: _Attempt) -> None:
    """Hand nothing in."""


def _hand_in(
    client: smtplib.SMTP, attempt: _Attempt, message: EmailMessage, sender: str, to: str
) -> None:
    code, words = client.mail(sender)
    if code >= 400:  # noqa: PLR2004 - RFC 5321 4.2.1
        raise smtplib.SMTPSenderRefused(code, words, sender)
    code, words = client.rcpt(to)
    if code >= 400:  # noqa: PLR2004 - as above
        raise smtplib.SMTPRecipientsRefused({to: (code, words)})
    attempt.is_sent = True
    try:
        code, words = client.data(message.as_bytes())
    except smtplib.SMTPDataError:
        attempt.is_sent = False  # it answered before the message went out
        raise
    if code >= 400:  # noqa: PLR2004 - as above
        raise smtplib.SMTPDataError(code, words)


def _cut(attempt: _Attempt) -> None:
    """End whatever the thread waits for."""
    sock = getattr(attempt.client, "sock", None)
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.shutdown(2)


def _answered(code: int, *, is_of_message: bool) -> UpstreamError:
    """Return what a refusal means; one of us, as of our password, is no reason to give a message up."""
    debug = f"SMTP {code}"
    if code >= _PERMANENT and not is_of_message:
        return UpstreamUnavailable(
            f"The mail server does not let Xerus in (status {code}).",
            hint="An administrator checks XERUS_SMTP_USERNAME, XERUS_SMTP_PASSWORD and "
            "XERUS_MAIL_FROM.",
            code="mail_not_let_in",
            debug=debug,
        )
    if code >= _PERMANENT:
        return UpstreamRefused(
            f"The mail server refuses it (status {code}).",
            hint="An administrator checks the person's address and XERUS_MAIL_FROM.",
            code="mail_refused",
            debug=debug,
        )
    return UpstreamUnavailable(
        f"The mail server does not take it now (status {code}).",
        hint="It is tried again.",
        code="mail_later",
        debug=debug,
    )


def _broken(error: Exception, attempt: _Attempt) -> UpstreamError:
    debug = type(error).__name__
    if attempt.is_sent:
        return MailUnsure(
            "The mail server did not say whether it took the message.",
            hint="It may have arrived.",
            debug=debug,
        )
    if isinstance(error, ssl.SSLError | smtplib.SMTPNotSupportedError):
        return UpstreamUnavailable(
            "The mail server cannot be spoken to as XERUS_SMTP_TLS says.",
            hint="An administrator checks XERUS_SMTP_TLS, XERUS_SMTP_PORT and the server's "
            "certificate.",
            code="mail_tls",
            debug=debug,
        )
    return UpstreamUnavailable(
        "The mail server cannot be reached.",
        hint="An administrator checks XERUS_SMTP_HOST and XERUS_SMTP_PORT.",
        code="mail_away",
        debug=debug,
    )
