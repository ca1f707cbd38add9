"""How tools may run: the table of a connection, what a conversation allows, several calls at once."""

import re

from tests.gallery.policy_states import POLICY_STATES
from tests.unit.web.fakes import World
from tests.unit.web.waiting import approval
from xerus.assistant.policies import OURS, Key, Policy
from xerus.assistant.verdicts import Verdict

HERE = "/connections/atlassian"


def state(name: str) -> World:
    world = World()
    POLICY_STATES[name].arrange(world)
    return world


async def page(world: World, path: str) -> str:
    async with world.client() as http:
        return (await http.get(path)).text


def options_of(html: str, field: str) -> list[str]:
    """The choices of a tool, the chosen one marked."""
    [select] = re.findall(
        rf'<select[^>]* name="policy\.{field}"[^>]*>(.*?)</select>', html, re.DOTALL
    )
    found = re.findall(r'value="(\w+)"( selected)?', select)
    return [f"{value}*" if chosen else value for value, chosen in found]


async def test_the_table_has_each_tool_and_never_always_allow_for_what_deletes() -> None:
    html = await page(state("policies"), HERE)
    assert options_of(html, "jira_get_issue") == ["ask", "allow*", "block"]
    assert options_of(html, "jira_create_issue") == ["ask*", "allow", "block"]
    assert options_of(html, "jira_add_comment") == ["ask", "allow*", "block"]
    assert options_of(html, "confluence_get_page") == ["ask*", "allow", "block"]
    for name in ("jira_delete_issue", "jira_create_issues", "batch"):
        assert "allow" not in "".join(options_of(html, name))
    assert html.index("Chosen by you") < html.index("jira_add_comment") < html.index("General")


async def test_a_choice_is_saved_by_a_plain_form_and_said_to_hold() -> None:
    world = state("policies")
    async with world.client() as http:
        sent = world.form(do="save", **{"policy.jira_update_issue": "allow"})
        answer = await http.post(f"{HERE}/policies", data=sent)
        shown = await http.get(answer.headers["location"])
        await http.post(f"{HERE}/policies", data=world.form(do="reset"))
    assert answer.status_code == 303
    assert "Saved. It holds from the next answer on." in shown.text
    assert world.policies.kept.calls == [
        ("choose", {Key(OURS, "jira_update_issue"): Policy.ALLOW}),
        ("reset", OURS),
    ]


async def test_a_tool_or_a_choice_that_is_not_there_is_refused_in_words() -> None:
    world = state("policies")
    async with world.client() as http:
        for sent in ({"policy.jira_make_admin": "allow"}, {"policy.jira_update_issue": "yes"}):
            answer = await http.post(f"{HERE}/policies", data=world.form(do="save", **sent))
            assert answer.status_code == 400
            assert "nothing was saved" in answer.text or "Choose Ask each time" in answer.text
    assert world.policies.kept.calls == []


async def test_where_the_operator_forbids_it_no_change_is_offered_to_be_allowed() -> None:
    html = await page(state("policies-forbidden"), HERE)
    assert "Your administrator has every change asked about." in html
    assert options_of(html, "jira_create_issue") == ["ask*", "block"]
    assert options_of(html, "jira_get_issue") == ["ask", "allow*", "block"]


async def test_the_tools_of_another_server_stand_on_its_page() -> None:
    html = await page(state("policies-server"), "/connections/servers/docs")
    assert options_of(html, "search_docs") == ["ask", "allow*", "block"]
    assert options_of(html, "drop_everything") == ["ask*", "block"]
    silent = await page(state("policies-server-silent"), "/connections/servers/docs")
    assert "The server did not answer in time. Reload the page later" in silent
    assert "Reset all" in silent


async def test_a_card_offers_to_allow_only_what_may_be_allowed() -> None:
    world = World()
    world.assistant.entries["talk"] = [approval()]
    free = await page(world, "/chat/talk")
    world.assistant.entries["talk"] = [approval(may_allow=False, deletes=True)]
    bound = await page(world, "/chat/talk")
    for decision in ("here", "always"):
        assert f'value="{decision}"' in free
        assert f'value="{decision}"' not in bound
    assert 'value="block"' in free
    assert 'value="block"' in bound


async def test_what_a_card_remembers_goes_along_with_the_decision() -> None:
    world = World()
    world.assistant.entries["talk"] = [approval()]
    async with world.client() as http:
        for decision in ("here", "always", "block"):
            sent = world.form(call_id="c1", shown="5f", decision=decision)
            await http.post("/chat/talk/decide", data=sent)
    assert [(one.approve, one.remember) for one in world.assistant.verdicts] == [
        (True, "here"),
        (True, "always"),
        (False, "block"),
    ]


async def test_what_runs_here_unasked_is_shown_and_can_be_taken_back() -> None:
    world = state("chat-allowances")
    html = await page(world, "/chat/talk")
    assert "Run here without asking:" in html
    assert "Ran without asking: you allowed it in this conversation." in html
    assert "Then: </span>High" in html
    [mine, _] = world.policies.kept.allowed
    async with world.client() as http:
        sent = world.form(allowance=mine.id)
        answer = await http.post("/chat/talk/ask-again", data=sent)
        await http.post("/chat/talk/ask-again", data=world.form(allowance="0" * 16))
    assert answer.headers["location"] == "/chat/talk"
    assert world.policies.kept.calls == [("ask again", mine.key)]


async def test_several_calls_are_decided_at_once_but_none_that_deletes_is_approved_so() -> None:
    world = state("chat-several-approvals")
    html = await page(world, "/chat/talk")
    assert "3 calls wait for you." in html
    several = html[html.index('class="several') :]
    forms = re.findall(r"<form.*?</form>", several, re.DOTALL)
    named = [re.findall(r'name="call_id" value="(\w+)"', form) for form in forms[:2]]
    assert named == [["c1", "c2"], ["c1", "c2", "c3"]]
    assert "Approve the 2 that delete nothing" in forms[0]
    assert "Decline all" in forms[1]
    async with world.client() as http:
        sent = world.form(decision="approve") | {"call_id": ["c1", "c2"], "shown": ["5f", "6a"]}
        await http.post("/chat/talk/decide", data=sent)
    assert world.assistant.verdicts == [
        Verdict(approval_id="c1", approve=True, shown="5f"),
        Verdict(approval_id="c2", approve=True, shown="6a"),
    ]


async def test_one_call_alone_has_no_bar_for_all() -> None:
    world = World()
    world.assistant.entries["talk"] = [approval(), approval(call_id="c2", state="declined")]
    assert "calls wait for you" not in await page(world, "/chat/talk")
