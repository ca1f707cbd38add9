"""Tasks on pages: found by page, space, person and day; ticked on the page itself. Cloud only."""

import pytest

from tests.tools.bench import Bench
from tests.tools.confluence_pages import made
from tests.tools.test_filters import HELD, OUTSIDE
from xerus_sandbox.accounts import ADA, GRACE

pytestmark = pytest.mark.parametrize("deployment", ["cloud"], indirect=True)

_STORAGE = (
    "<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>incomplete</ac:task-status>"
    '<ac:task-body>Sign <ac:link><ri:user ri:account-id="{}" /></ac:link> by '
    '<time datetime="2026-12-24" /></ac:task-body></ac:task></ac:task-list>'
)


async def assigned(bench: Bench, title: str, account_id: str = ADA.account_id) -> str:
    """Return the id of a new page with one task of somebody, due on Christmas Eve."""
    body = _STORAGE.format(account_id)
    return await made(bench, title, content=body, content_format="storage")


async def test_a_ticked_task_is_ticked_on_its_page(bench: Bench) -> None:
    page_id = await made(bench, "To do", content="- [ ] First\n- [ ] Second")
    found = await bench.json("confluence_get_tasks", page_id=page_id)
    assert [(one["task"], one["done"]) for one in found["tasks"]] == [("First", ""), ("Second", "")]
    second = found["tasks"][1]["id"]
    text = await bench.ok("confluence_tick_task", task_id=second)
    assert "is done; before it was open" in text
    assert "- [ ] First\n- [x] Second" in await bench.ok("confluence_get_page", page_id=page_id)
    assert "Second" not in await bench.ok("confluence_get_tasks", page_id=page_id)
    done = await bench.json("confluence_get_tasks", page_id=page_id, status="done")
    assert [one["id"] for one in done["tasks"]] == [second]
    await bench.ok("confluence_tick_task", task_id=second, done=False)
    assert "Second" in await bench.ok("confluence_get_tasks", page_id=page_id)


@pytest.mark.parametrize("who", ["me", "ada lovelace", ADA.account_id])
async def test_tasks_are_found_by_person(bench: Bench, who: str) -> None:
    mine = await assigned(bench, f"Ada signs {len(who)}")
    await assigned(bench, f"Grace signs {len(who)}", GRACE.account_id)
    found = await bench.json("confluence_get_tasks", assignee=who, space_key="DOCS", limit=100)
    assert mine in {one["page"] for one in found["tasks"]}
    assert {one["assignee"] for one in found["tasks"]} == {ADA.account_id}


async def test_a_name_that_fits_nobody_or_several_is_refused_with_the_choices(
    bench: Bench,
) -> None:
    assert "There is no person" in await bench.failed("confluence_get_tasks", assignee="Nobody")
    text = await bench.failed("confluence_get_tasks", assignee="Grace")
    assert "Grace Hooper" in text
    assert GRACE.account_id in text


async def test_the_last_day_counts_whole(bench: Bench) -> None:
    page_id = await assigned(bench, "Until Christmas")
    for days, count in (
        ({"due_to": "2026-12-24"}, 1),
        ({"due_to": "2026-12-23"}, 0),
        ({"due_from": "2026-12-24", "due_to": "2026-12-24"}, 1),
        ({"due_from": "2026-12-25"}, 0),
    ):
        found = await bench.json("confluence_get_tasks", page_id=page_id, **days)
        assert len(found["tasks"]) == count, days
    assert "is no date" in await bench.failed("confluence_get_tasks", due_to="soon")


async def test_the_filter_holds_lists_of_tasks_and_ticking(bench: Bench) -> None:
    secret = await made(bench, "Secret to do", space_key="TEAM", content="- [ ] Fire Bob")
    open_task = (await bench.json("confluence_get_tasks", page_id=secret))["tasks"][0]["id"]
    mine = await made(bench, "Open to do", content="- [ ] Hire Bob")
    held = bench.under(HELD)
    everything = await held.json("confluence_get_tasks", limit=100)
    assert mine in {one["page"] for one in everything["tasks"]}
    assert "Fire Bob" not in str(everything)
    for tool, arguments in (
        ("confluence_get_tasks", {"page_id": secret}),
        ("confluence_get_tasks", {"space_key": "TEAM"}),
        ("confluence_tick_task", {"task_id": open_task}),
    ):
        text = await held.failed(tool, **arguments)
        assert OUTSIDE in text, tool
        assert "Fire Bob" not in text
    assert "Fire Bob" in await bench.ok("confluence_get_tasks", page_id=secret)
