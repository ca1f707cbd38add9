"""Service desks: queues, requests, replies. HR is one, and grace may not see it."""

import re
from typing import Any

import pytest

from tests.tools.bench import Bench

_CALLS: dict[str, dict[str, Any]] = {
    "jsm_queues": {},
    "jsm_requests": {},
    "jsm_reply": {"request_key": "HR-1", "body": "Hello", "public": False},
}


@pytest.mark.parametrize("tool", _CALLS)
async def test_a_grant_without_the_scope_is_refused_before_anything_is_sent(
    bench: Bench, tool: str
) -> None:
    if bench.is_cloud:
        mark = await bench.sandbox.atlassian.mark()
        text = await bench.granted("read:me", "read:jira-work").failed(tool, **_CALLS[tool])
        assert re.search(r"not granted: \S*(read|write):servicedesk-request", text)
        assert await bench.requests(mark) == []


async def test_desks_queues_and_issues_are_found_by_name(bench: Bench) -> None:
    text = await bench.ok("jsm_queues")
    assert text.startswith("1 service desk, no more.")
    assert "|HR|Human Resources|" in text
    queues = (await bench.json("jsm_queues", service_desk="hr"))["queues"]
    count = next(one["issueCount"] for one in queues if one["name"] == "All open")
    found = await bench.json("jsm_queues", service_desk="HR", queue="all OPEN", limit=100)
    assert len(found["issues"]) == int(count)
    assert all(one["status"] != "Done" for one in found["issues"])


async def test_pages_of_a_queue_follow_each_other(bench: Bench) -> None:
    whole = await bench.json("jsm_queues", service_desk="HR", queue="1", limit=4)
    first = await bench.json("jsm_queues", service_desk="HR", queue="1", limit=2)
    second = await bench.json(
        "jsm_queues", service_desk="HR", queue="1", limit=2, cursor=first["cursor"]
    )
    assert first["issues"] + second["issues"] == whole["issues"]


async def test_requests_are_filtered_and_read(bench: Bench) -> None:
    closed = await bench.json("jsm_requests", service_desk="HR", status="closed")
    assert {one["status"] for one in closed["requests"]} == {"Done"}
    first = (await bench.json("jsm_requests", limit=1))["requests"][0]
    text = await bench.ok("jsm_requests", request_key=first["key"])
    assert text.startswith(f"{first['key']}: http")
    assert f"Summary: {first['summary']}" in text
    found = await bench.json("jsm_requests", query=first["summary"], status="all")
    assert first["key"] in [one["key"] for one in found["requests"]]
    types = await bench.ok("jsm_requests", what="types", service_desk="HR")
    assert "|Report a problem|" in types


async def test_a_reply_says_who_sees_it(bench: Bench) -> None:
    text = await bench.ok("jsm_reply", request_key="HR-1", body="Only for **us**", public=False)
    assert text.startswith("Comment added. Internal: the customer does not see it.")
    assert "internal comment" in text
    text = await bench.ok("jsm_reply", request_key="HR-1", body="For you", public=True)
    assert text.startswith("Comment added. The customer sees it.")
    shown = await bench.json("jsm_requests", request_key="HR-1", limit=100)
    assert [one["public"] for one in shown["comments"][-2:]] == [False, True]
    assert "public" in await bench.failed("jsm_reply", request_key="HR-1", body="x")


@pytest.mark.parametrize(
    ("tool", "arguments", "expected"),
    [
        ("jsm_queues", {"service_desk": "nosuch"}, "HR Human Resources"),
        ("jsm_queues", {"service_desk": "99"}, "may not see it"),
        ("jsm_queues", {"service_desk": "HR", "queue": "nosuch"}, "All open"),
        ("jsm_queues", {"service_desk": "HR", "queue": "77"}, "may not see it"),
        ("jsm_queues", {"queue": "1"}, "Give service_desk"),
        ("jsm_requests", {"request_key": "ENG-1"}, "may not see it"),
        ("jsm_requests", {"what": "types"}, "Give service_desk"),
        ("jsm_requests", {"request_key": "x"}, "request_key"),
        ("jsm_reply", {"request_key": "HR-9999", "body": "x", "public": True}, "may not see it"),
    ],
)
async def test_what_is_not_there_is_a_clear_answer(
    bench: Bench, tool: str, arguments: dict[str, Any], expected: str
) -> None:
    assert expected in await bench.failed(tool, **arguments)


async def test_a_desk_that_somebody_may_not_see_reads_as_missing(grace: Bench) -> None:
    assert await grace.ok("jsm_queues") == "No service desk found."
    assert await grace.ok("jsm_requests") == "No request found."
    assert "may not see it" in await grace.failed("jsm_requests", request_key="HR-1")
    text = await grace.failed("jsm_reply", request_key="HR-1", body="x", public=True)
    assert "may not see it" in text
