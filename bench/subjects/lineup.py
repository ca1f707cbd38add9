"""The list of what is compared."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import peers
from bench.peers import NotInstalled
from bench.progress import say
from bench.subjects.mcp_atlassian import McpAtlassian
from bench.subjects.ours import Xerus, with_shared_token
from bench.subjects.plain import Plain, Proxy
from bench.subjects.subject import Subject
from bench.world import Person, World

OURS = "xerus"
UNAUDITED = "xerus-unaudited"
KEYS = (
    OURS,
    "xerus-shared",
    UNAUDITED,
    "mcp-atlassian",
    "mcp-atlassian-fixed",
    "sdk-default",
    "sdk-low-level",
    "rpc",
    "proxy",
)
"""Every key, in the order of the tables."""


def lineup(
    keys: Sequence[str], *, here: World, people: Sequence[Person], upstream: str
) -> tuple[list[Subject], list[str]]:
    """Return the subjects of these keys, and for each that is missing why it is."""
    absent: list[str] = []
    subjects = [
        *_ours(here, people, upstream),
        *_mcp_atlassian(keys, upstream, here.folder, absent),
        *_plain(upstream, here.folder),
    ]
    return [subject for subject in subjects if subject.key in keys], absent


def _ours(here: World, people: Sequence[Person], upstream: str) -> Iterator[Subject]:
    env = dict(here.xerus.env)
    yield Xerus(
        OURS, "Xerus, each person's own credential, Cloud", here=here, people=people, env=env
    )
    yield Xerus(
        "xerus-shared",
        "Xerus, the operator's token, Data Center",
        here=here,
        people=people,
        env=with_shared_token(env, upstream),
        credentials=1,
    )
    yield Xerus(
        UNAUDITED,
        "Xerus, each person's own credential, its audit log cut off",
        here=here,
        people=people,
        env=env,
        module="bench.servers.unaudited",
    )


def _mcp_atlassian(
    keys: Sequence[str], upstream: str, folder: Path, absent: list[str]
) -> Iterator[Subject]:
    if not any(key.startswith("mcp-atlassian") for key in keys):
        return
    name = f"mcp-atlassian {peers.version('mcp-atlassian')}"
    try:
        programs = peers.installed("mcp-atlassian")
    except NotInstalled as error:
        absent.append(f"{name} could not be installed: {error}")
        say(absent[-1])
        return
    for key, title, fixed in (
        ("mcp-atlassian", f"{name}, each person's own token", False),
        ("mcp-atlassian-fixed", f"{name}, the operator's token", True),
    ):
        yield McpAtlassian(
            key, title, programs=programs, upstream=upstream, folder=folder, fixed=fixed
        )


def _plain(upstream: str, folder: Path) -> Iterator[Subject]:
    for key, title, module, kind in (
        ("sdk-default", "official SDK, as documented", "sdk_default", Plain),
        ("sdk-low-level", "official SDK, low level, tuned", "sdk_low_level", Plain),
        ("rpc", "floor: JSON-RPC by hand", "floor", Plain),
        ("proxy", "floor: bare proxy, no MCP", "floor", Proxy),
    ):
        yield kind(key, title, module=module, upstream=upstream, folder=folder)
