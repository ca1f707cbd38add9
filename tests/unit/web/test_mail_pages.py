"""A person turns mail off and on; administrators see how it goes and try it."""

from tests.unit.web.fakes import ADA, GRACE, World
from xerus.errors import UpstreamUnavailable


def on() -> World:
    world = World()
    world.mail.configured = True
    return world


async def test_mail_is_turned_off_and_on_where_access_is_ended() -> None:
    world = on()
    async with world.client() as http:
        page = (await http.get("/access")).text
        assert "ada@example.com" in page
        assert "Turn mail off" in page
        off = await http.post("/access/mail", data=world.form(wanted="no"), follow_redirects=True)
        assert "Xerus does not write to you any more." in off.text
        assert "Turn mail on" in off.text
        assert world.mail.choices == {ADA: False}
        back = await http.post("/access/mail", data=world.form(wanted="yes"), follow_redirects=True)
        assert "Turn mail off" in back.text


async def test_without_a_server_nothing_is_offered() -> None:
    async with World().client() as http:
        assert "Turn mail" not in (await http.get("/access")).text
        page = (await http.get("/admin/mail")).text
    assert "XERUS_SMTP_HOST" in page
    assert "Send a test mail" not in page


async def test_a_test_message_goes_to_the_administrator_or_says_why_not() -> None:
    world = on()
    async with world.client() as http:
        sent = await http.post("/admin/mail/test", data=world.form())
        assert "It is on its way to ada@example.com." in sent.text
        assert world.mail.tested == ["ada@example.com"]
        world.mail.trouble = UpstreamUnavailable(
            "The mail server cannot be reached.", hint="An administrator checks XERUS_SMTP_HOST."
        )
        failed = await http.post("/admin/mail/test", data=world.form())
    assert "The test message was not sent." in failed.text
    assert "XERUS_SMTP_HOST" in failed.text


async def test_the_page_of_mail_is_for_administrators() -> None:
    world = on()
    session = world.sessions.live["grace-token"]
    async with world.client("grace-token") as http:
        assert (await http.get("/admin/mail")).status_code == 403
        answer = await http.post("/admin/mail/test", data={"csrf": session.csrf})
        assert answer.status_code == 403
        await http.post("/access/mail", data={"csrf": session.csrf, "wanted": "no"})
    assert world.mail.tested == []
    assert world.mail.choices == {GRACE: False}
