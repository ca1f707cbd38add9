"""What an administrator can end for a person, in words: what happens at once, and what stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from xerus.accounts.people import PersonRow
from xerus.web.people_deps import HeldConnection

DONE: Mapping[str, str] = MappingProxyType(
    {
        "signout": "Signed out everywhere. The next request of each browser leads to the sign-in page.",
        "clients": "No MCP client acts for them any more. The next request of each is refused.",
        "disconnect": "Disconnected. Their tokens for it are erased.",
        "disable": "Access is turned off. Their next request is refused, in every process.",
        "enable": "Access is turned on. They can sign in again.",
    }
)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked before anything is done; `for_self` what there is to know where it is oneself."""

    title: str
    button: str
    icon: str
    goes: Sequence[str]
    stays: Sequence[str]
    for_self: str = ""
    is_end: bool = True


def signing_out(person: PersonRow) -> Question:
    """Return what ending all browser sessions means."""
    return Question(
        title=f"Sign {person.called} out everywhere?",
        button="Sign out everywhere",
        icon="log-out",
        goes=[_count(person.sessions, "browser is", "browsers are") + " signed out at once."],
        stays=[
            "MCP clients keep their access, and so do answers in the chat that are being written.",
            "They can sign in again at any time. To keep them out, turn off their access instead.",
        ],
        for_self="This browser is signed out too.",
    )


def ending_clients(person: PersonRow, clients: int) -> Question:
    """Return what ending all grants means."""
    return Question(
        title=f"End the access of {person.called}'s MCP clients?",
        button="End all access",
        icon="ban",
        goes=[
            _count(clients, "client's", "clients'") + " next request is refused.",
            "What they chose not to be asked again is forgotten.",
        ],
        stays=[
            "Browsers stay signed in, and Atlassian stays connected.",
            "They can allow a client again, and are asked then.",
        ],
    )


def disconnecting(person: PersonRow, held: HeldConnection) -> Question:
    """Return what disconnecting a person means."""
    told = (
        f"{held.name} is told, where it can be."
        if held.is_told
        else "Atlassian is not told: Xerus stays in their list of connected apps there until they take "
        "it out."
    )
    return Question(
        title=f"Disconnect {held.name} for {person.called}?",
        button="Disconnect",
        icon="unplug",
        goes=[
            (
                f"Their tokens for {held.name} are erased here, and calls under way are ended. A change "
                "that is already on its way may still happen."
            ),
            told,
        ],
        stays=[
            f"Everything in {held.name}.",
            "They can connect again at any time. To keep them out, turn off their access instead.",
        ],
    )


def disabling(person: PersonRow) -> Question:
    """Return what keeping a person out means."""
    return Question(
        title=f"Turn off {person.called}'s access?",
        button="Turn off access",
        icon="ban",
        goes=[
            (
                "Browsers are signed out and MCP clients refused, in every process. Calls under way are "
                "ended; a change that is already on its way may still happen."
            ),
            "Signing in is refused, and the page says that an administrator turned it off.",
            (
                "Nothing renews or checks their connections. Atlassian Cloud ends what is not renewed for "
                "90 days; after that they connect anew."
            ),
        ],
        stays=[
            "Their connections with all tokens, sealed, their conversations and their choices.",
            "Everything in Jira and Confluence, and the audit log.",
            "You can turn it on again here. They then sign in and allow their clients anew.",
        ],
        for_self="Nobody turns off their own access. Another administrator can.",
    )


def enabling(person: PersonRow) -> Question:
    """Return what letting a person in again means."""
    return Question(
        title=f"Turn on {person.called}'s access?",
        button="Turn on access",
        icon="check",
        goes=[
            "They can sign in, where the identity provider and XERUS_USERS let them.",
            "Their connections are renewed again. One that ended meanwhile says so.",
        ],
        stays=["Browsers stay signed out and clients refused until they sign in and allow them."],
        is_end=False,
    )


def _count(n: int, one: str, many: str) -> str:
    return f"1 {one}" if n == 1 else f"{n:,} {many}"
