"""The reference that a person reads out finds the line in the log and the event in the audit log."""

import re
from dataclasses import dataclass

import pytest

from tests.support.browser import Browser
from tests.support.database import embedded, rows
from tests.support.journeys import ADA, GRACE, connect_atlassian, sign_in
from tests.support.mcp_client import Storage, connected, text_of
from tests.support.stack import Stack

_REFERENCE = re.compile(r"(?:[Rr]eference for support: |Its id for support: )([0-9a-f]{12})")
_FAILS = {"fault": "status", "times": 1}


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a person was shown, and where its reference has to stand."""

    text: str
    log_event: str
    audit_event: str

    @property
    def reference(self) -> str:
        found = _REFERENCE.search(self.text)
        assert found, self.text
        return found[1]


async def _refused_sign_in(stack: Stack) -> str:
    async with Browser() as browser:
        fault = {"method": "POST", "path_regex": "/token", **_FAILS, "status": 400}
        await stack.sandbox.entra.faults([{**fault, "body": '{"error": "invalid_grant"}'}])
        await browser.open(f"{stack.url}/signin")
        await browser.click("Continue with Microsoft")
        await browser.click(GRACE)
        return browser.page.text


async def _failed_attempt(stack: Stack) -> str:
    async with Browser() as browser:
        await sign_in(browser, stack.url, GRACE)
        fault = {"method": "POST", "path_regex": "/oauth/token", **_FAILS, "status": 503}
        await stack.sandbox.atlassian.faults([fault])
        await browser.click("Configure Atlassian")
        await browser.click(GRACE)
        await browser.click("Accept")
        return browser.page.text


async def _failed_test_and_call(stack: Stack) -> tuple[str, str]:
    async with Browser() as browser:
        await sign_in(browser, stack.url, ADA)
        await connect_atlassian(browser, stack.url, ADA)
        await browser.open(f"{stack.url}/connections/atlassian")
        refused = {"method": "GET", "path_regex": "^/ex/", **_FAILS, "status": 403, "times": 2}
        await stack.sandbox.atlassian.faults([refused])
        page = (await browser.click("Test now")).text
        async with connected(stack.url, Storage(), browser, ADA) as client:
            broken = {"method": "GET", "path_regex": "/issue/ENG-1", **_FAILS, "status": 200}
            await stack.sandbox.atlassian.faults([{**broken, "body": "<html>Sorry</html>"}])
            answer = text_of(await client.call_tool("jira_get_issue", {"issue_key": "ENG-1"}))
            return page, answer


@pytest.fixture(scope="module")
async def told(stack: Stack) -> dict[str, Told]:
    """Four failures as people saw them; Xerus is stopped, so that everything is written."""
    sign_in_text, attempt = await _refused_sign_in(stack), await _failed_attempt(stack)
    test, call = await _failed_test_and_call(stack)
    stack.xerus.restart()
    return {
        "sign-in": Told(
            text=sign_in_text,
            log_event="sign_in_failed",
            audit_event="account:signin:refused",
        ),
        "connecting": Told(
            text=attempt, log_event="connect_failed", audit_event="connection:consent:failed"
        ),
        "test": Told(text=test, log_event="probe_failed", audit_event="connection:health:checked"),
        "tool": Told(
            text=call,
            log_event="atlassian_answer_unusable",
            audit_event="tool:call:finished",
        ),
    }


@pytest.mark.parametrize("failure", ["sign-in", "connecting", "test", "tool"])
async def test_a_reference_that_is_shown_stands_in_the_log_and_in_the_audit_log(
    stack: Stack, told: dict[str, Told], failure: str
) -> None:
    shown = told[failure]
    lines = [line for line in stack.xerus.log.read_text().splitlines() if shown.reference in line]
    assert any(shown.log_event in line for line in lines), lines
    found = rows(
        embedded(stack.xerus.folder / "data").administrator,
        "SELECT event FROM audit_events WHERE facts ->> 'correlation_id' = %s",
        shown.reference,
    )
    assert shown.audit_event in {row["event"] for row in found}


async def test_two_failures_have_two_references(told: dict[str, Told]) -> None:
    assert len({shown.reference for shown in told.values()}) == len(told)
