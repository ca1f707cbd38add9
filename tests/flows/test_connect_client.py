"""The test of the address goes over the network as a client does, and asks for the person's tools."""

from tests.support.browser import Browser
from tests.support.journeys import GRACE, connect_atlassian, sign_in
from tests.support.stack import Stack

STEPS = (
    "What the MCP server says of itself",
    "What the authorization server says of itself",
    "A call without a token",
    "Registration",
    "The token endpoint",
    "Your tools",
)


async def test_every_step_goes_well_where_nothing_is_in_between(stack: Stack) -> None:
    async with Browser() as grace:
        await sign_in(grace, stack.url, GRACE)
        await connect_atlassian(grace, stack.url, GRACE)
        await grace.open(f"{stack.url}/tools/clients")
        page = await grace.click("Test this address")
    text = page.text
    for step in STEPS:
        assert f"{step} Went well" in text
    assert "The address With a remark" in text
    assert "tools are listed for you" in text
    assert "Clients get through, with a remark." in text
