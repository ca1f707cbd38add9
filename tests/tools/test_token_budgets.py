"""What definitions and answers cost, counted in tokens of o200k."""

import json
from collections.abc import Iterable

from tests.support.tokens import counted
from tests.tools.bench import Bench
from tests.unit.tools.fakes import caller
from xerus.settings.toolsets import ALL as EVERY_SET
from xerus.settings.toolsets import Profile
from xerus.tools.catalogue import Catalogue
from xerus.tools.declaration import Tool
from xerus.tools.policy import Policy


def wire(tools: Iterable[Tool]) -> str:
    """Name, description and input schema as compact JSON: what a model is given to read."""
    entries = [
        {"name": tool.name, "description": tool.description, "inputSchema": tool.input_schema}
        for tool in tools
    ]
    return json.dumps(entries, separators=(",", ":"), ensure_ascii=False)


def listed(policy: Policy) -> str:
    catalogue = Catalogue(policy=policy)
    return wire(catalogue.listed(catalogue.tools))


def test_definitions_stay_within_their_budgets() -> None:
    costs = counted(
        {
            "default": listed(Policy()),
            "all": listed(Policy(choices=EVERY_SET)),
            "lean": listed(Policy(choices=EVERY_SET, profile=Profile.LEAN)),
        }
    )
    assert costs["default"] <= 6_000
    assert costs["all"] <= 13_000
    assert costs["lean"] <= 1_200


async def test_a_page_of_25_issues_costs_at_most_1500_tokens(bench: Bench) -> None:
    result = await bench.runner.run(caller(), "jira_search", {"jql": "project = ENG", "limit": 25})
    assert result.text.count("\n|ENG-") == 25
    assert counted({"search": result.text})["search"] <= 1_500
