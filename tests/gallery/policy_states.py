"""States of how tools may run: the table of a connection, and what a conversation allows."""

from collections.abc import Mapping

from tests.gallery.conversations import few
from tests.gallery.server_states import OWN
from tests.gallery.shown import Shown
from tests.unit.web.fake_servers import signing_in
from tests.unit.web.fakes import CONNECTED, World
from tests.unit.web.waiting import approval
from xerus.assistant.changes import Preview
from xerus.assistant.entries import AssistantEntry, PersonEntry, ToolEntry
from xerus.assistant.policies import OURS, About, Key, Policy
from xerus.assistant.preview import rows_of
from xerus.assistant.rendering import html_of
from xerus.assistant.settling import Allowance

_TABLE = "/connections/atlassian"
_SERVER = "/connections/servers/docs"


def _connected(world: World) -> None:
    world.connections.shown = CONNECTED


def _chosen(world: World) -> None:
    _connected(world)
    world.policies.kept.chosen = {
        Key(OURS, "jira_add_comment"): Policy.ALLOW,
        Key(OURS, "jira_delete_issue"): Policy.BLOCK,
        Key(OURS, "confluence_get_page"): Policy.ASK,
    }


def _forbidden(world: World) -> None:
    _connected(world)
    world.policies.kept.may_allow = False


def _of_a_server(world: World) -> None:
    world.remotes.put(signing_in("docs", "Docs"), OWN)
    world.policies.listed = [
        About(key=Key("docs:0", "search_docs"), reads=True, may_allow=True),
        About(key=Key("docs:0", "write_doc"), reads=False, may_allow=True),
        About(key=Key("docs:0", "drop_everything"), reads=False, may_allow=False, deletes=True),
    ]


def _silent_server(world: World) -> None:
    world.remotes.put(signing_in("docs", "Docs"), OWN)
    world.policies.missing = "The server did not answer in time."


def _allowed_here(world: World) -> None:
    few(world)
    shown = Preview(target="ENG-7: Login fails after the update")
    shown.change("Priority", "Low", "High")
    world.assistant.entries["talk"] += [
        PersonEntry(text="Make ENG-7 urgent", turn=1),
        ToolEntry(
            name="jira_update_issue",
            title="Update issue",
            arguments='{"issue_key": "ENG-7", "fields": {"priority": "High"}}',
            result="ENG-7: priority Low -> High",
            state="ok",
            seconds=0.6,
            size=27,
            allowed="here",
            target=shown.target,
            rows=rows_of(shown),
        ),
        AssistantEntry(author="Demo model", html=html_of("ENG-7 is urgent now.")),
    ]
    world.policies.kept.allowed = [
        Allowance(key=Key(OURS, "jira_update_issue"), title="Update issue"),
        Allowance(
            key=Key("docs:0", "write_doc"), title="Write a document with a rather long title"
        ),
    ]


def _several(world: World) -> None:
    few(world)
    gone = Preview(target="ENG-9: Old ticket")
    gone.lost("Summary", "Old ticket")
    world.assistant.entries["talk"] += [
        PersonEntry(text="Create both and delete ENG-9", turn=1),
        approval(call_id="c1"),
        approval(call_id="c2", shown="6a"),
        approval(
            gone,
            call_id="c3",
            tool="jira_delete_issue",
            title="Delete issue",
            may_allow=False,
            deletes=True,
        ),
    ]


POLICY_STATES: Mapping[str, Shown] = {
    "policies": Shown(path=f"{_TABLE}?tools=saved", arrange=_chosen),
    "policies-forbidden": Shown(path=_TABLE, arrange=_forbidden),
    "policies-server": Shown(path=_SERVER, arrange=_of_a_server),
    "policies-server-silent": Shown(path=_SERVER, arrange=_silent_server),
    "chat-allowances": Shown(path="/chat/talk", arrange=_allowed_here),
    "chat-several-approvals": Shown(path="/chat/talk", arrange=_several),
}
