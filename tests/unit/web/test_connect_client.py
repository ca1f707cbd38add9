"""Connect a client: each client's steps with this server's address, and the test of it."""

import pytest

from tests.unit.web.fakes import ADA, World
from xerus.mcpserver.first_steps import Step
from xerus.web.client_guides import guides


async def seen(path: str, world: World) -> str:
    async with world.client() as http:
        page = await http.get(path)
    assert page.status_code == 200
    return page.text


async def outcome_of(world: World) -> tuple[int, str]:
    async with world.client() as http:
        page = await http.post("/tools/clients/test", data=world.form())
    return page.status_code, page.text


async def test_every_client_has_its_steps_with_the_address_of_this_server() -> None:
    page = await seen("/tools/clients", World())
    for words in (
        *("Claude on the web", "Claude Desktop", "Claude Code", "VS Code", "Cursor", "Codex"),
        *("Gemini CLI", "Copilot Studio", "Any other client"),
        "claude mcp add --transport http xerus http://localhost:8000/mcp",
        "codex mcp login xerus",
        "&#34;httpUrl&#34;: &#34;http://localhost:8000/mcp&#34;",
        "--allow-http",
    ):
        assert words in page
    assert " open>" not in page


@pytest.mark.parametrize("guide", guides("https://xerus.example.com/mcp"))
async def test_a_link_opens_one_client(guide: object) -> None:
    slug = guide.slug  # type: ignore[attr-defined]
    assert f'id="{slug}" open>' in await seen(f"/tools/clients?client={slug}", World())


async def test_an_address_of_this_machine_is_no_address_for_a_cloud() -> None:
    local = await seen("/tools/clients", World())
    public = await seen("/tools/clients", World(base="https://xerus.example.com"))
    assert "does not reach http://localhost:8000/mcp" in local
    assert "does not reach" not in public
    assert "--allow-http" not in public


async def test_tools_lead_here_and_here_leads_back() -> None:
    world = World()
    assert 'href="/tools/clients"' in await seen("/tools", world)
    assert 'href="/tools"' in await seen("/tools/clients", world)


async def test_your_own_clients_stand_here_with_their_last_use() -> None:
    world = World()
    assert "None yet" in await seen("/tools/clients", world)
    world.grants.add("f1", ADA, "Desk", "http://127.0.0.1/callback")
    page = await seen("/tools/clients", world)
    assert "Desk" in page
    assert "2 minutes ago" in page
    assert 'href="/access"' in page


async def test_the_test_shows_each_step_and_a_verdict() -> None:
    world = World()
    status, page = await outcome_of(world)
    assert status == 200
    assert world.oversight.first_steps.asked == [ADA]
    assert page.index("It is an https address.") < page.index("Refused with 401.")
    assert "All 2 steps went well." in page
    assert "Test again" in page
    assert page.rstrip().endswith("</html>")


async def test_what_failed_is_told_with_cause_and_remedy() -> None:
    world = World()
    world.oversight.first_steps.steps = (
        Step(name="The address", state="warn", said="s", cause="c", remedy="r"),
        Step(
            name="A call without a token",
            state="failed",
            said="401 without <b>",
            cause="A proxy takes that header away.",
            remedy="Let it pass.",
        ),
    )
    _, page = await outcome_of(world)
    for words in (
        *("1 of 2 steps failed.", "A proxy takes that header away.", "Let it pass."),
        "401 without &lt;b&gt;",
    ):
        assert words in page


async def test_the_test_is_made_a_few_times_a_minute_and_then_later() -> None:
    world = World()
    answers = [await outcome_of(world) for _ in range(7)]
    assert [status for status, _ in answers] == [200] * 6 + [429]
    assert "Try again in" in answers[-1][1]
    assert len(world.oversight.first_steps.asked) == 6
