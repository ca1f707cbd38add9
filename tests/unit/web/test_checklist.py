from dataclasses import replace

from tests.unit.web.fake_readiness import EVERYTHING
from tests.unit.web.fakes import World
from xerus.web.checklist import checklist


async def admin(world: World) -> str:
    async with world.client() as http:
        return (await http.get("/admin")).text


async def test_a_new_installation_is_told_what_is_missing_in_the_order_of_the_work() -> None:
    page = await admin(World())
    section = page.split('id="setup"')[1].split("</section>")[0]
    titles = [part.split("<")[0] for part in section.split('<h3 class="small strong">')[1:]]
    assert titles == [
        *("Address", "Sign-in with Entra ID", "Administrators", "Jira and Confluence", "Database"),
        *("Encryption keys", "Model of the chat", "Mail", "Support contact", "Retention"),
        *("First MCP client", "Other MCP servers"),
    ]
    for words in (
        *(
            "1 of 5 needed steps are done.",
            "<code>ENTRA_ID_CLIENT_ID</code> and <code>ENTRA_ID_CLIENT",
        ),
        *("whoever copies the folder can read", "docs/entra.md", 'href="/admin/servers/add"'),
        "<code>XERUS_AUDIT_DAYS</code> and <code>XERUS_CHAT_DAYS</code>",
    ):
        assert words in section
    assert "<code>ENTRA_ID_EXPECTED_ISSUER</code>" not in section  # it is set
    assert "<details" not in section


async def test_the_checklist_folds_once_everything_needed_is_done() -> None:
    world = World()
    world.readiness.finish()
    page = await admin(world)
    fold = page.split('id="setup"')[1].split("</section>")[0]
    assert "<details" in fold
    assert " open>" not in fold
    assert "everything needed is done." in fold
    assert "optional step" not in fold
    world.readiness.given = EVERYTHING - {"XERUS_MODEL", "XERUS_SMTP_HOST"}
    assert "2 optional steps are open." in await admin(world)


async def test_what_is_set_and_was_never_tried_is_not_called_done() -> None:
    world = World()
    world.readiness.finish()
    world.readiness.known = replace(
        world.readiness.known, people_signed_in=False, administrators=0, connected=False
    )
    told = checklist(await world.readiness.facts())
    assert not told.is_whole
    assert [step.title for step in told.needed if step.state == "look"] == [
        *("Sign-in with Entra ID", "Administrators", "Jira and Confluence"),
    ]
    page = await admin(world)
    assert "nobody has signed in by it yet" in page
    assert "2 of 5 needed steps are done." in page


async def test_the_sign_in_page_names_what_is_missing_and_never_a_value() -> None:
    world = World()
    world.sign_in.configured = False
    async with world.client("") as http:
        page = (await http.get("/signin")).text
        assert (await http.get("/admin")).status_code == 303
    for words in (
        *(
            "<code>XERUS_PUBLIC_URL</code> is no https address yet",
            "XERUS_ADMINS</code> is missing",
        ),
        *(
            "<code>ENTRA_ID_EXPECTED_ISSUER</code> is set",
            "ATLASSIAN_OAUTH_CLIENT_ID</code> is miss",
        ),
    ):
        assert words in page
    assert "XERUS_MODEL" not in page
    assert "http://localhost" not in page
