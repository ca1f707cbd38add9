"""The mail server: whole or not at all, and in the clear on this machine alone."""

import pytest

from xerus.app.mail import smtp_of
from xerus.settings import loading
from xerus.settings.problems import SettingsError

WHOLE = {"XERUS_SMTP_HOST": "mail.example.com", "XERUS_MAIL_FROM": "xerus@example.com"}


@pytest.mark.parametrize(("tls", "port"), [("starttls", 587), ("smtps", 465)])
def test_the_port_follows_from_the_encryption(tls: str, port: int) -> None:
    mail = loading.load({**WHOLE, "XERUS_SMTP_TLS": tls}).mail
    assert (mail.configured, mail.port, mail.days) == (True, port, 7)


def test_without_a_server_there_is_no_way_out() -> None:
    assert smtp_of(loading.load({})) is None
    assert smtp_of(loading.load(WHOLE)) is not None


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"XERUS_MAIL_FROM": ""}, "XERUS_MAIL_FROM"),
        ({"XERUS_SMTP_HOST": ""}, "XERUS_SMTP_HOST"),
        ({"XERUS_SMTP_TLS": "none"}, "XERUS_SMTP_TLS"),
        ({"XERUS_SMTP_TLS": "tls"}, "XERUS_SMTP_TLS"),
        ({"XERUS_SMTP_USERNAME": "xerus"}, "XERUS_SMTP_PASSWORD"),
        ({"XERUS_SMTP_PASSWORD": "secret-word"}, "XERUS_SMTP_USERNAME"),
        ({"XERUS_SMTP_HOST": "mail.example.com/x"}, "XERUS_SMTP_HOST"),
        ({"XERUS_MAIL_FROM": "Xerus <xerus@example.com>"}, "XERUS_MAIL_FROM"),
        ({"XERUS_MAIL_FROM": "x@example.com\nBcc: y@example.com"}, "XERUS_MAIL_FROM"),
        ({"XERUS_MAIL_DAYS": "0"}, "XERUS_MAIL_DAYS"),
    ],
)
def test_what_could_not_work_is_named(changes: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named) as caught:
        loading.load({**WHOLE, **changes})
    assert "secret-word" not in str(caught.value)


def test_in_the_clear_is_for_this_machine() -> None:
    mail = loading.load({**WHOLE, "XERUS_SMTP_HOST": "localhost", "XERUS_SMTP_TLS": "none"}).mail
    assert (mail.port, mail.tls) == (25, "none")
