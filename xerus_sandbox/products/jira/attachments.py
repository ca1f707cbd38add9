"""Operations on the files of issues."""

import base64

from xerus_sandbox.operations import Answer, ApiError, Call
from xerus_sandbox.products import media, uploads
from xerus_sandbox.products.jira import access, beans
from xerus_sandbox.products.model import Attachment, Issue
from xerus_sandbox.products.world import World

_MOST_FILES = 60
_MOST_BYTES = 10 * 2**20


def add(world: World, call: Call) -> Answer:
    """Add files to an issue; 200 with an array (facts e1.8, e1.11)."""
    if not uploads.is_checked(call):
        raise ApiError(403, b"XSRF check failed", {"content-type": "text/html"})
    issue = access.issue(world, call)
    form = uploads.form(call, access.error(400, "No file was sent."))
    sent = uploads.files(form)
    if len(sent) > _MOST_FILES:
        raise access.error(413, "Too many files in one request.")
    access.will_change(world, call, issue.key)
    added = [
        Attachment(
            id=world.jira_of(call).new_id(),
            author=call.account.account_id,
            filename=part.filename,
            mime=part.mime,
            created=call.now,
            content=base64.b64encode(part.content).decode(),
        )
        for part in sent
    ]
    issue.attachments += added
    issue.updated = call.now
    return Answer(body=[beans.attachment(world, call, item) for item in added])


def content(world: World, call: Call) -> Answer:
    """Send the reader of a file on to the media host; 303, or the bytes with `redirect=false`."""
    _, item = _find(world, call)
    if call.query.get("redirect", "").lower() == "false":
        return media.content(item)
    return media.redirect(call, "jira", item.id, 303)


def server_content(world: World, call: Call) -> Answer:
    """Give the bytes of a file of Data Center, at an address of its pages."""
    _, item = _find(world, call)
    return media.content(item)


def get(world: World, call: Call) -> Answer:
    """Return what is known of a file; its id is a number here, and a string in issues."""
    _, item = _find(world, call)
    bean = beans.attachment(world, call, item)
    return Answer(body=bean | {"id": int(item.id)} if beans.is_cloud(call) else bean)


def settings(_world: World, _call: Call) -> Answer:
    """Say whether files may be added, and how large they may be."""
    return Answer(body={"enabled": True, "uploadLimit": _MOST_BYTES})


def delete(world: World, call: Call) -> Answer:
    """Delete a file for good; 204, or 403 for somebody else's."""
    issue, item = _find(world, call)
    lead = world.jira_of(call).projects[issue.project].lead
    if call.account.account_id not in {item.author, lead}:
        raise access.error(
            403, f"You do not have permission to delete attachment with id: {item.id}"
        )
    access.will_change(world, call, issue.key)
    issue.attachments.remove(item)
    return Answer(status=204)


def _find(world: World, call: Call) -> tuple[Issue, Attachment]:
    data = world.jira_of(call)
    visible = data.visible(call.account.account_id)
    for issue in data.issues.values():
        for item in issue.attachments if issue.project in visible else ():
            if item.id == call.params["id"]:
                return issue, item
    raise access.error(404, f"The attachment with id '{call.params['id']}' does not exist")
