"""What a screen reader is told of a page: names, roles and order, as text that people review."""

import re
from pathlib import Path

from playwright.async_api import Page

FOLDER = Path(__file__).parents[1] / "golden" / "aria"
WHOLE = "frame"
"""The one state whose header and navigation are kept too; they are the same on each page."""
SPOKEN = {
    WHOLE: "activity",
    "signin": "signin",
    "signout": "signout",
    "chat-new": "chat-new",
    "chat-answer": "chat-answer",
    "chat-branch": "chat-branch",
    "chat-approvals-waiting": "chat-approvals-waiting",
    "chat-needs-connection": "chat-needs-connection",
    "chat-other-server": "chat-other-server",
    "chat-running": "chat-running",
    "chat-error": "chat-error",
    "chat-models": "chat-tokens-used-up",
    "chat-edit": "chat-edit-wrong",
    "chat-allowances": "chat-allowances",
    "chat-several-approvals": "chat-several-approvals",
    "conversations": "conversations-languages",
    "conversations-found": "conversations-found",
    "conversation-edit": "conversation-edit",
    "conversation-rename": "conversation-rename",
    "conversation-delete": "conversation-delete",
    "conversation-delete-waiting": "conversation-delete-waiting",
    "conversations-delete-all": "conversations-delete-all",
    "tools-not-connected": "tools-not_connected",
    "tools-waiting": "tools-waiting",
    "tools-servers": "tools-servers",
    "connect-client": "connect-client",
    "connect-client-failing": "connect-client-failing",
    "connection": "connection-connected",
    "connection-needs-reconnect": "connection-needs_reconnect",
    "disconnect": "disconnect",
    "return-choosing": "return-choosing",
    "return-failed": "return-failed",
    "server": "server-connected",
    "server-key": "server-key",
    "policies-server": "policies-server",
    "server-disconnect": "server-disconnect",
    "server-return": "server-return-connected",
    "access": "access",
    "activity-empty": "activity-empty",
    "help": "help",
    "help-answer": "help-answer",
    "help-answer-supported": "help-answer-supported",
    "admin": "admin",
    "people": "people",
    "people-remove": "people-remove",
    "person": "person",
    "person-disable": "person-disable",
    "person-enable": "person-enable",
    "person-signout": "person-signout",
    "person-clients": "person-clients",
    "person-disconnect": "person-disconnect",
    "admin-connections": "health-24h",
    "admin-use": "admin-use",
    "admin-mail": "admin-mail",
    "audit": "audit",
    "clients": "clients",
    "clients-add": "clients-add",
    "clients-remove": "clients-remove",
    "clients-secret": "clients-secret",
    "clients-unused": "clients-unused",
    "servers": "servers",
    "servers-add": "servers-add",
    "servers-one": "servers-one",
    "servers-hand": "servers-hand",
    "servers-remove": "servers-remove",
    "not-found": "not-found",
}
"""By the name of the file: the state that is read."""
_PORT = re.compile(r"(http://localhost):\d+")
_REFERENCE = re.compile(r"\b(?=[0-9a-f]*[0-9])[0-9a-f]{12}\b")


async def read_aloud(page: Page, name: str) -> str:
    """Return the tree of the page, without what differs from run to run."""
    shell = page.locator(".chat-shell")  # the conversations beside, and the main part
    main = shell if await shell.count() else page.locator("main")
    told = await (page.locator("body") if name == WHOLE else main).aria_snapshot()
    return _REFERENCE.sub("0123456789ab", _PORT.sub(r"\1", told)) + "\n"
