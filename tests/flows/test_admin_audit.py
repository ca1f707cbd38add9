"""An administrator reads the audit log of a running Xerus and takes a part of it away as a file."""

import csv
import io
import json

from tests.support.browser import Browser
from tests.support.database import embedded, rows
from tests.support.journeys import ADA, GRACE, connect_atlassian, sign_in
from tests.support.stack import Stack


async def file_of(ada: Browser, form: str) -> str:
    page = await ada.click(form)
    assert page.status == 200
    assert "attachment" in page.headers["content-disposition"]
    return page.html


async def test_what_somebody_did_is_found_by_name_and_by_reference_and_exported(
    stack: Stack,
) -> None:
    async with Browser() as grace, Browser() as ada:
        await sign_in(grace, stack.url, GRACE)
        await connect_atlassian(grace, stack.url, GRACE)
        await sign_in(ada, stack.url, ADA)

        page = await ada.open(
            f"{stack.url}/admin/audit?person=grace&event=connection:account:connected"
        )
        assert "Atlassian connected" in page.text
        assert "Grace" in page.text
        found = json.loads(await file_of(ada, "JSON Lines"))
        assert found["event"] == "connection:account:connected"
        reference = found["facts"]["correlation_id"]

        page = await ada.open(f"{stack.url}/admin/audit?reference={reference}&person=nobody")
        assert "No entry fits" in page.text
        page = await ada.open(f"{stack.url}/admin/audit?reference={reference}")
        assert "Atlassian connected" in page.text

        await ada.open(f"{stack.url}/admin/audit?event=audit")
        sheet = [*csv.DictReader(io.StringIO(await file_of(ada, "CSV")))]
        assert [row["event"] for row in sheet[:3]] == [
            "audit:log:read",
            "audit:log:exported",
            "audit:log:exported",
        ]
        assert {row["email"] for row in sheet} == {ADA}

        page = await grace.open(f"{stack.url}/admin/audit")
        assert page.status == 403
    written = rows(
        embedded(stack.xerus.folder / "data").administrator,
        "SELECT facts ->> 'filters' AS filters, facts ->> 'events' AS events FROM audit_events"
        " WHERE event = 'audit:log:exported' AND facts ->> 'outcome' = 'ok' ORDER BY at LIMIT 1",
    )
    assert written == [{"filters": "person event", "events": "1"}]
