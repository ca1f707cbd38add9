"""The form that changes a call before it is approved: a page of its own, and inside the chat."""

import re

from tests.unit.web.fakes import World
from tests.unit.web.waiting import approval

HERE = "/chat/talk/calls/c1/edit"


def asking() -> World:
    world = World()
    world.assistant.entries["talk"] = [approval()]
    return world


async def test_a_call_that_waits_leads_to_its_form() -> None:
    world = asking()
    async with world.client() as http:
        page = (await http.get("/chat/talk")).text
        form = (await http.get(HERE)).text
    assert f'href="{HERE}"' in page
    assert (
        '<h1 class="entry-title" id="approve-c1" tabindex="-1" autofocus>Edit: Create issue</h1>'
        in form
    )
    assert re.search(r'<select class="input" id="\S+" name="arg.issue_type">', form)
    assert '<option value="Task" selected>Task</option>' in form
    assert "Further arguments, not given: 3" in form


async def test_what_was_entered_is_saved_and_leads_back_to_the_card() -> None:
    world = asking()
    async with world.client() as http:
        sent = {"shown": "5f", "arg.summary": "Rotate both keys", "arg.points": ""}
        answer = await http.post(HERE, data=world.form(**sent))
    assert (answer.status_code, answer.headers["location"]) == (303, "/chat/talk#call-c1")
    [saved] = world.assistant.editing.saved
    assert (saved["summary"], saved["labels"]) == ("Rotate both keys", ["security", "keys"])
    assert "points" not in saved


async def test_what_cannot_be_sent_is_said_at_its_field() -> None:
    world = asking()
    async with world.client() as http:
        sent = {"shown": "5f", "arg.summary": "", "arg.labels": "[<b>"}
        answer = await http.post(HERE, data=world.form(**sent))
    assert answer.status_code == 400
    assert "Not saved: Summary, Labels cannot be sent like this." in answer.text
    assert re.search(r'aria-describedby="(\S+)-says \1-problem" aria-invalid="true"', answer.text)
    assert "Write a list in square brackets" in answer.text
    assert ">[&lt;b&gt;</textarea>" in answer.text
    assert world.assistant.editing.saved == []


async def test_inside_the_chat_the_form_takes_the_place_of_its_card() -> None:
    world = asking()
    async with world.client() as http:
        http.headers["HX-Request"] = "true"
        form = await http.get(HERE)
        wrong = await http.post(HERE, data=world.form(shown="5f", **{"arg.summary": ""}))
        saved = await http.post(HERE, data=world.form(shown="5f", **{"arg.summary": "Both"}))
    assert "<html" not in form.text
    assert "<h2" in form.text
    assert (wrong.status_code, wrong.headers["HX-Retarget"]) == (200, "#call-c1")
    assert "Approve: Create issue?" in saved.text


async def test_a_form_of_a_call_that_was_changed_elsewhere_is_refused_in_words() -> None:
    world = asking()
    async with world.client() as http:
        stale = await http.post(HERE, data=world.form(shown="4e", **{"arg.summary": "Both"}))
    assert stale.status_code == 409
    assert "changed in another window" in stale.text
    assert world.assistant.editing.saved == []


async def test_nobody_else_and_no_other_site_changes_a_call() -> None:
    world = asking()
    sent = world.form(shown="5f", **{"arg.summary": "Theirs"})
    async with world.client() as http:
        forged = await http.post(HERE, data=sent | {"csrf": "forged"})
        away = await http.post(HERE, data=sent, headers={"Sec-Fetch-Site": "cross-site"})
    async with world.client("grace-token") as http:
        looked = await http.get(HERE)
        changed = await http.post(HERE, data=sent | {"csrf": world.grace.csrf})
    assert [one.status_code for one in (forged, away, looked, changed)] == [403, 403, 404, 404]
    assert world.assistant.editing.saved == []


async def test_a_long_text_fits_into_the_form_and_an_endless_one_does_not() -> None:
    world = asking()
    async with world.client() as http:
        long = {"shown": "5f", "arg.description": "x" * 500_000}
        taken = await http.post(HERE, data=world.form(**long))
        endless = {"shown": "5f", "arg.description": "x" * 1_100_000}
        refused = await http.post(HERE, data=world.form(**endless))
    assert (taken.status_code, refused.status_code) == (303, 413)
