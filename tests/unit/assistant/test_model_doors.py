"""The providers' own libraries against the simulated providers, through what we put between them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from itertools import permutations

import pytest
from pydantic import SecretStr
from pydantic_ai import Agent
from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelAuthenticationError,
    ModelHTTPError,
    ModelNotFoundError,
)
from pydantic_ai.run import AgentRunResultEvent

from tests.support.model_answers import Call, Refuse, Say, Think, Usage
from tests.support.model_servers import KEY, FakeAnthropic, FakeLocal, FakeOpenAI, ModelServer
from xerus.assistant.choosing import readable_for
from xerus.assistant.history import messages_of
from xerus.assistant.model import Access, Providers
from xerus.assistant.prices import Prices
from xerus.assistant.turns import Turn
from xerus.settings.model_prices import ModelPrice

SERVERS = [FakeOpenAI, FakeAnthropic, FakeLocal]


@asynccontextmanager
async def agent_at(
    server: ModelServer, name: str = "some-model", key: str | None = KEY
) -> AsyncIterator[Agent[None, str]]:
    """Yield a model with one tool."""
    secret = SecretStr(key) if key else None
    providers = Providers(
        Access(
            anthropic_url=server.url,
            anthropic_api_key=secret,
            openai_url=server.url,
            openai_api_key=secret,
            compatible_url=server.url,
            compatible_api_key=secret,
        )
    )
    agent = Agent(providers.model(f"{server.provider}:{name}"))

    @agent.tool_plain
    def weather(city: str) -> str:
        """Say how the weather is."""
        return f"Rain in {city}."

    try:
        yield agent
    finally:
        await providers.close()


async def answer_of(agent: Agent[None, str], text: str, *, streams: bool) -> str:
    if not streams:
        return (await agent.run(text)).output
    async with agent.run_stream_events(text) as events:
        ends = [event async for event in events if isinstance(event, AgentRunResultEvent)]
    return ends[0].result.output


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize("streams", [True, False])
async def test_parallel_calls_and_reasoning_go_there_and_back(
    kind: type[ModelServer], *, streams: bool
) -> None:
    async with kind() as server, agent_at(server) as agent:
        server.will(
            Think("Two cities."),
            Say("I look."),
            Call("weather", {"city": "Oslo"}),
            Call("weather", {"city": "Bergen"}),
        )
        server.will(Say("It rains in both, as ever."))

        said = await answer_of(agent, "How is the weather?", streams=streams)

        assert said == "It rains in both, as ever."
        assert "Rain in Oslo." in server.asked[1].text
        assert "Rain in Bergen." in server.asked[1].text
        assert server.left == 0


@pytest.mark.parametrize("kind", SERVERS)
async def test_nothing_of_the_environment_reaches_a_provider(
    kind: type[ModelServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "OPENAI_ORG_ID": "org-planted",
        "OPENAI_PROJECT_ID": "project-planted",
        "OPENAI_ADMIN_KEY": "admin-planted",
        "OPENAI_BASE_URL": "http://127.0.0.1:9/planted",
        "OPENAI_CUSTOM_HEADERS": "Authorization: Bearer planted\nX-Planted: planted",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:9/planted",
        "ANTHROPIC_AUTH_TOKEN": "planted",
        "ANTHROPIC_CUSTOM_HEADERS": "x-api-key: planted\nX-Planted: planted",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "ALL_PROXY": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    async with kind() as server, agent_at(server) as agent:
        server.will(Say("Here."))
        assert (await agent.run("Where are you?")).output == "Here."
        assert "planted" not in str(server.asked)
        assert set(server.asked[0].headers) <= {
            *("host", "accept", "accept-encoding", "connection", "content-type", "content-length"),
            *("user-agent", "authorization", "x-api-key", "anthropic-version", "anthropic-beta"),
        }


@pytest.mark.parametrize(("first", "then"), list(permutations(SERVERS, 2)))
async def test_one_provider_goes_on_with_what_another_began(
    first: type[ModelServer], then: type[ModelServer]
) -> None:
    async with first() as one, then() as other, agent_at(one) as before, agent_at(other) as after:
        one.will(Think("Rain, I suppose."), Call("weather", {"city": "Oslo"}))
        one.will(Think("As I thought."), Say("It rains."))
        other.will(Call("weather", {"city": "Bergen"}))
        other.will(Say("It rains there too."))

        begun = Turn(messages=(await before.run("And Oslo?")).all_messages(), model="first")
        history = messages_of(readable_for("then", [begun]), {})
        said = (await after.run("And Bergen?", message_history=history)).output

        assert said == "It rains there too."
        assert "Rain in Oslo." in other.asked[0].text
        assert "Rain, I suppose." not in other.asked[0].text
        assert "Rain in Bergen." in other.asked[1].text


async def test_list_prices_hold_at_the_providers_own_address_alone() -> None:
    name = "claude-sonnet-5-5"
    async with FakeAnthropic((name,)) as server, agent_at(server, name) as agent:
        server.will(Say("Here."), usage=Usage(input=1_000_000, cached=0, output=100_000))
        used = (await agent.run("Hello?")).usage
    model = f"anthropic:{name}"
    listed = Prices(listed=["anthropic"]).of(model)(used)
    assert listed is not None
    assert listed > 1
    assert Prices(listed=["openai"]).of(model)(used) is None
    assert Prices().of(f"compatible:{name}")(used) is None
    own = ModelPrice(model=model, tokens_in=Decimal(2), tokens_out=Decimal(10))
    assert Prices({model: own}, ["anthropic"]).of(model)(used) == 3


async def test_no_key_is_sent_where_none_is_set() -> None:
    async with FakeLocal() as server, agent_at(server, key=None) as agent:
        server.will(Say("Hello."))
        assert (await agent.run("Hello?")).output == "Hello."
        assert "authorization" not in server.asked[0].headers


@pytest.mark.parametrize("kind", SERVERS)
async def test_a_redirect_takes_the_key_nowhere(kind: type[ModelServer]) -> None:
    async with kind() as elsewhere, kind() as server, agent_at(server) as agent:
        server.will_refuse(Refuse(307, headers={"Location": elsewhere.url + server.path}))
        with pytest.raises(ModelAPIError):
            await agent.run("Hello?")
        assert not elsewhere.asked


@pytest.mark.parametrize("kind", [FakeOpenAI, FakeAnthropic])
async def test_a_wrong_key_and_an_unknown_model_are_told_apart(kind: type[ModelServer]) -> None:
    async with kind() as server:
        async with agent_at(server, key="sk-wrong") as agent:
            with pytest.raises(ModelAuthenticationError):
                await agent.run("Hello?")
        async with agent_at(server, "no-such-model") as agent:
            with pytest.raises(ModelNotFoundError):
                await agent.run("Hello?")


@pytest.mark.parametrize("kind", SERVERS)
async def test_a_request_that_no_script_answers_fails_a_test(kind: type[ModelServer]) -> None:
    server = kind()
    async with server, agent_at(server) as agent:
        with pytest.raises(ModelHTTPError):
            await agent.run("Hello?")
        with pytest.raises(AssertionError, match="no answer for this request"):
            server.check()
        server.complaints.clear()
