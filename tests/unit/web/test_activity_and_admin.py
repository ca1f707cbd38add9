from datetime import timedelta

import pytest

from tests.unit.web.fakes import ADA, GRACE, NOW, World
from xerus.audit.events import Event
from xerus.audit.log import AuditRow
from xerus.audit.verification import Verdict
from xerus.web.activity import line


def rows(count: int) -> list[AuditRow]:
    return [
        AuditRow(
            at=NOW - timedelta(minutes=n), event=Event.CALL_FINISHED, facts={"tool": f"tool_{n}"}
        )
        for n in range(count)
    ]


async def test_activity_is_empty_with_a_way_on() -> None:
    async with World().client() as http:
        page = await http.get("/activity")
    assert "Nothing yet" in page.text
    assert 'href="/tools"' in page.text


async def test_older_entries_are_one_link_away() -> None:
    world = World()
    world.audit.rows = rows(60)
    async with world.client() as http:
        first = await http.get("/activity")
        address = first.text.split('href="/activity?before=')[1].split('"')[0]
        second = await http.get(f"/activity?before={address}")
    assert "tool_49" in first.text
    assert "tool_50" not in first.text
    assert "tool_50" in second.text
    assert "Older entries" not in second.text


async def test_a_made_up_instant_is_an_error_in_words() -> None:
    async with World().client() as http:
        assert (await http.get("/activity?before=yesterday")).status_code == 400


@pytest.mark.parametrize("event", list(Event))
def test_every_event_has_words(event: Event) -> None:
    shown = line(AuditRow(at=NOW, event=event, facts={}))
    assert ":" not in shown.title


def test_a_shared_token_is_said_in_the_activity() -> None:
    facts: dict[str, str | int | bool | None] = {"tool": "jira_search", "credential": "shared"}
    assert "shared token" in line(AuditRow(at=NOW, event=Event.CALL_FINISHED, facts=facts)).details


def test_a_client_is_told_by_its_name_and_never_by_its_id() -> None:
    row = AuditRow(at=NOW, event=Event.TOKEN_ISSUED, facts={"client": "7ec7"})
    assert line(row, client_names={"7ec7": "Claude"}).details == "Claude"
    assert line(row).details == ""


def test_a_call_that_did_not_succeed_is_not_shown_as_done() -> None:
    shown = line(AuditRow(at=NOW, event=Event.CALL_FINISHED, facts={"outcome": "not_found"}))
    assert (shown.outcome, shown.kind) == ("Not found", "warn")


async def test_admin_is_for_administrators() -> None:
    world = World()
    async with world.client("grace-token") as http:
        page = await http.get("/admin")
        verify = await http.post("/admin/audit/verify", data={"csrf": world.grace.csrf})
        tools = await http.get("/tools")
    assert page.status_code == verify.status_code == 403
    assert "for administrators" in page.text
    assert 'href="/admin"' not in tools.text
    assert world.audit.written == [
        (Event.ADMIN_PAGE_REFUSED, GRACE, {"page": "/admin"}),
        (Event.ADMIN_PAGE_REFUSED, GRACE, {"page": "/admin/audit/verify"}),
    ]


@pytest.mark.parametrize(
    "path",
    [
        *("/admin", "/admin/people", "/admin/clients", "/admin/clients/add"),
        *("/admin/connections", "/admin/use"),
    ],
)
async def test_an_administrators_look_is_recorded_before_anything_is_shown(path: str) -> None:
    world = World()
    async with world.client() as http:
        await http.get(path)
    assert world.audit.written == [(Event.ADMIN_PAGE_VIEWED, ADA, {"page": path})]


async def test_what_cannot_be_recorded_is_not_shown() -> None:
    world = World()
    world.audit.broken = True
    async with world.client() as http:
        page = await http.get("/admin/people")
        one = await http.get("/admin/people/one?id=grace")
    assert page.status_code == one.status_code == 503
    assert "grace@example.com" not in one.text
    assert "grace@example.com" not in page.text


async def test_admin_shows_connections_and_the_check_of_the_log() -> None:
    async with World().client() as http:
        page = await http.get("/admin")
    for words in ("Needs reconnect", "Verify the log"):
        assert words in page.text


async def test_admin_shows_atlassians_hourly_quotas_by_both_counts() -> None:
    async with World().client() as http:
        page = await http.get("/admin")
    table = page.text.split('id="quotas"')[1].split("</table>")[0]
    for words in (
        *("1,204 of 65,000 points", "Atlassian: nothing yet", "Enough left"),
        *("53,110 of 65,000 points", "Atlassian: 11,000 left", "Low until 13:00 UTC"),
        *("77aa-labs", "Used up until 13:00 UTC"),
    ):
        assert words in table


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Verdict(sound=True, events=9, checkpoints=1), "The audit log is whole."),
        (
            Verdict(sound=False, events=9, checkpoints=1, shard=3, n=7, reason="A hash differs"),
            "First bad event: chain 3, number 7.",
        ),
    ],
)
async def test_the_check_of_the_audit_log_is_said_in_words(verdict: Verdict, words: str) -> None:
    world = World()
    world.audit.verdict = verdict
    async with world.client() as http:
        page = await http.post("/admin/audit/verify", data=world.form())
    assert words in page.text
    assert world.audit.written == [(Event.LOG_VERIFIED, ADA, verdict.facts)]
