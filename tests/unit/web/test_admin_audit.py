"""Administrators read the audit log: everything in the address, each look told, exports harmless."""

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from tests.unit.web.fakes import ADA, GRACE, NOW, World
from xerus.audit.events import Event, Fact
from xerus.audit.search import FAILED, Found, Wanted
from xerus.ids import UserId
from xerus.web import audit_export

GONE = UserId("10000000-0000-4000-8000-000000000000")


def found(
    n: int, event: Event = Event.CALL_FINISHED, who: UserId | None = GRACE, **facts: Fact
) -> Found:
    return Found(
        shard=3,
        n=1000 - n,
        at=NOW - timedelta(minutes=n),
        event=event,
        user_id=who,
        facts=facts,
        mac="00ff",
    )


def call(n: int, **facts: Fact) -> Found:
    told: dict[str, Fact] = {
        "tool": "jira_search",
        "target": f"ENG-{n}",
        "client": "desk",
        "client_name": "Desk",
        "outcome": "ok",
        "correlation_id": f"4f9c21ab{n:04x}",
    }
    return replace(found(n), facts={**told, **facts})


async def seen(path: str, world: World, token: str = "ada-token") -> tuple[int, str]:
    async with world.client(token) as http:
        page = await http.get(path)
    return page.status_code, page.text


async def export(world: World, form: str, **filters: str) -> str:
    async with world.client() as http:
        page = await http.post("/admin/audit/export", data=world.form(form=form, **filters))
    assert page.status_code == 200
    assert "attachment" in page.headers["content-disposition"]
    return page.text


async def test_a_row_says_who_what_on_what_with_what_result_and_by_which_reference() -> None:
    world = World()
    world.oversight.audit.rows = [
        call(1, outcome="not_found"),
        found(2, Event.PERSON_REMOVED, ADA, person=str(GONE)),
        found(3, Event.SESSION_CREATED, GONE),
        found(4, Event.REGISTRATION_CREATED, None),
    ]
    _, page = await seen("/admin/audit", world)
    for words in (
        *("Grace Hopper", "Tool finished", "tool:call:finished", "ENG-1", "jira_search", "Desk"),
        *("Not found", "4f9c21ab0001", "Removed a person", str(GONE), "Nobody signed in"),
    ):
        assert words in page
    assert 'aria-sort="descending"' in page
    assert f'href="/admin/audit?person={GONE}"' in page
    assert 'href="/admin/audit?reference=4f9c21ab0001"' in page


async def test_the_whole_filter_is_in_the_address_and_reaches_the_log() -> None:
    world = World()
    await seen(
        "/admin/audit?person=grace&event=tool&tool=jira_search&client=desk&outcome=failed"
        "&reference=ENG-1&since=2026-11-01&until=2026-11-02&order=oldest",
        world,
    )
    (wanted, after, newest_first) = world.oversight.audit.asked[0]
    assert wanted == Wanted(
        people=[GRACE],
        events=[Event.CALL_STARTED, Event.CALL_FINISHED, Event.CALL_REFUSED],
        tool="jira_search",
        client="desk",
        outcome=FAILED,
        reference="ENG-1",
        since=NOW.replace(day=1, hour=0),
        until=NOW.replace(day=3, hour=0),
    )
    assert (after, newest_first) == (None, False)


async def test_what_follows_is_one_link_away_and_keeps_the_filter() -> None:
    world = World()
    world.oversight.audit.rows = [call(n) for n in range(70)]
    _, first = await seen("/admin/audit?tool=jira_search", world)
    address = re.findall(r'href="(/admin/audit\?tool=jira_search&amp;after=[^"]+)"', first)[0]
    _, second = await seen(address.replace("&amp;", "&"), world)
    assert "ENG-49<" in first
    assert "ENG-50<" not in first
    assert "ENG-50<" in second
    assert "Older entries" not in second


async def test_looking_is_told_once_for_each_filter_and_not_for_each_page_of_it() -> None:
    world = World()
    world.oversight.audit.rows = [call(n) for n in range(70)]
    _, first = await seen("/admin/audit?person=grace&reference=pasted-secret", world)
    address = re.findall(r'href="(/admin/audit\?[^"]*after=[^"]+)"', first)[0]
    await seen(address.replace("&amp;", "&"), world)
    assert world.audit.written == [
        (Event.LOG_READ, ADA, {"filters": "person reference", "whose": "grace"})
    ]


async def test_a_look_that_cannot_be_told_shows_nothing() -> None:
    world = World()
    world.audit.broken = True
    world.oversight.audit.rows = [call(1)]
    status, page = await seen("/admin/audit", world)
    assert status == 503
    assert "ENG-1" not in page


async def test_words_that_fit_several_people_show_all_and_offer_each() -> None:
    world = World()
    _, page = await seen("/admin/audit?person=a", world)
    assert world.oversight.audit.asked[0][0].people == [ADA, GRACE]
    assert 'href="/admin/audit?person=grace"' in page


async def test_words_that_fit_nobody_fit_no_entry() -> None:
    world = World()
    await seen("/admin/audit?person=nobody", world)
    assert world.oversight.audit.asked[0][0].people == []


async def test_nothing_found_says_so_and_how_far_was_looked() -> None:
    world = World()
    _, page = await seen("/admin/audit", world)
    assert "No entry yet" in page
    _, page = await seen("/admin/audit?tool=x", world)
    assert "No entry fits" in page
    world.oversight.audit.looked_to = NOW - timedelta(days=3)
    _, page = await seen("/admin/audit?tool=x", world)
    for words in ("Nothing that fits so far", "Looked back to 2026-11-19 10:00:00", "Look further"):
        assert words in page


async def test_a_search_that_takes_too_long_keeps_the_filter_and_says_what_to_do() -> None:
    world = World()
    world.oversight.audit.takes_too_long = True
    status, page = await seen("/admin/audit?tool=jira_search", world)
    assert status == 503
    assert "takes too long" in page
    assert 'value="jira_search"' in page


@pytest.mark.parametrize(
    "query",
    ["event=made:up", "since=yesterday", "until=2026-13-01", "until=9999-12-31", "after=x,1,2"],
)
async def test_a_made_up_address_is_refused_in_words(query: str) -> None:
    world = World()
    status, page = await seen(f"/admin/audit?{query}", world)
    assert status == 400
    assert "Open Admin" in page or "Write a day" in page
    assert world.audit.written == []


async def test_reading_and_exporting_are_for_administrators() -> None:
    world = World()
    world.oversight.audit.rows = [call(1)]
    status, page = await seen("/admin/audit", world, "grace-token")
    async with world.client("grace-token") as http:
        sent = await http.post(
            "/admin/audit/export", data={"csrf": world.grace.csrf, "form": "csv"}
        )
        unsigned = await http.post("/admin/audit/export", data={"form": "csv"})
    assert status == sent.status_code == unsigned.status_code == 403
    assert "ENG-1" not in page + sent.text
    assert world.oversight.audit.asked == []


async def test_an_export_has_the_filtered_set_and_is_told_before_and_after() -> None:
    world = World()
    world.oversight.audit.rows = [call(n) for n in range(5)]
    text = await export(world, "jsonl", person="grace", tool="jira_search")
    rows = [orjson.loads(line) for line in text.splitlines()]
    assert [row["facts"]["target"] for row in rows] == [f"ENG-{n}" for n in range(5)]
    assert rows[0].keys() == {"shard", "n", "at", "event", "user_id", "facts", "mac"}
    assert world.oversight.audit.asked[0][0] == Wanted(people=[GRACE], tool="jira_search")
    facts = {"form": "jsonl", "filters": "person tool", "whose": "grace"}
    assert world.audit.written == [
        (Event.LOG_EXPORTED, ADA, {**facts, "outcome": "started"}),
        (Event.LOG_EXPORTED, ADA, {**facts, "outcome": "ok", "events": 5}),
    ]


async def test_ocsf_is_what_the_command_writes() -> None:
    world = World()
    world.oversight.audit.rows = [call(1)]
    told = orjson.loads(await export(world, "ocsf"))
    assert (told["class_uid"], told["metadata"]["uid"]) == (6003, "3-999")


async def test_a_spreadsheet_takes_no_cell_for_a_formula() -> None:
    world = World()
    world.oversight.audit.rows = [
        call(
            1, target='=HYPERLINK("http://x","y")', client_name="@SUM(A1)", cause=" +1", tool="a;=b"
        )
    ]
    text = await export(world, "csv")
    head, row = csv.reader(io.StringIO(text))
    cells = dict(zip(head, row, strict=True))
    assert cells["target"].startswith("'=HYPERLINK")
    assert (cells["client_name"], cells["cause"]) == ("'@SUM(A1)", "' +1")
    assert (cells["person"], cells["email"]) == ("Grace Hopper", "grace@example.com")
    assert '"a;=b"' in text
    assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("start", [*"=+-@\t\r\n", "＝", "＋", "－", "＠"])  # noqa: RUF001
def test_every_beginning_of_a_formula_is_made_harmless(start: str) -> None:
    assert audit_export.harmless(f"{start}1") == f"'{start}1"


async def test_an_unknown_form_is_refused_and_nothing_is_read() -> None:
    world = World()
    async with world.client() as http:
        page = await http.post("/admin/audit/export", data=world.form(form="xlsx"))
    assert page.status_code == 400
    assert world.oversight.audit.asked == []


async def test_people_clients_and_causes_lead_to_their_entries() -> None:
    world = World()
    world.clients.put("one", "Desk", "dynamic")
    _, people = await seen("/admin/people", world)
    _, clients = await seen("/admin/clients", world)
    _, causes = await seen("/admin/connections?link=cloud&cause=x", world)
    assert f'href="/admin/audit?person={GRACE}"' in people
    assert 'href="/admin/audit?client=one"' in clients
    assert 'href="/admin/audit?reference=4f9c21ab07de"' in causes
