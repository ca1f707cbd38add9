"""Seed data of the Confluence instances."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from xerus_sandbox.accounts import ADA, ALAN, GRACE
from xerus_sandbox.products.model import (
    Folder,
    Page,
    PageAttachment,
    PageComment,
    Space,
    Template,
    Version,
)
from xerus_sandbox.products.seed import words
from xerus_sandbox.products.seed.blocks import Block, as_storage, macro
from xerus_sandbox.products.seed.pick import DAY, TODAY, number, pick
from xerus_sandbox.products.world import ConfluenceData

_PEOPLE = (ADA.account_id, GRACE.account_id, ALAN.account_id)
_LABELS = ("howto", "reviewed", "draft-idea", "runbook", "meeting", "policy")


@dataclass(kw_only=True)
class _Builder:
    data: ConfluenceData

    def space(self, key: str, name: str, description: str, *, hidden: Sequence[str] = ()) -> Space:
        """Add a space with its home page."""
        item = Space(
            id=self.data.new_id(),
            key=key,
            name=name,
            description=description,
            owner=ADA.account_id,
            created=TODAY - 400 * DAY,
            hidden_from=list(hidden),
        )
        self.data.spaces[item.id] = item
        body = f"<h1>{name}</h1><p>{description}</p>" + macro("toc", {"maxLevel": "2"})
        item.homepage = self.page(item, f"{name} Home", body, None).id
        return item

    def page(self, space: Space, title: str, body: str, parent: str | None) -> Page:
        """Add a page, with a label and comments now and then."""
        key = f"{space.key} {title}"
        created = TODAY - (20 + number(key, 300)) * DAY
        author = pick(f"{key} author", [p for p in _PEOPLE if p not in space.hidden_from])
        changed = created + number(f"{key} changed", 15) * DAY
        texts = (
            [(created, f"{body}", "")]
            if number(f"{key} versions", 3)
            else [(created, "<p>To be written.</p>", ""), (changed, body, "First full version")]
        )
        versions = [
            Version(
                number=n,
                author=author,
                created=at,
                message=message,
                title=title,
                representation="storage",
                body=text,
            )
            for n, (at, text, message) in enumerate(texts, 1)
        ]
        page = Page(
            id=self.data.new_id(),
            space=space.id,
            author=author,
            created=created,
            parent=parent,
            position=len(self.data.children(parent)) if parent else 0,
            versions=versions,
            labels=[pick(f"{key} label", _LABELS)] if number(f"{key} labelled", 2) else [],
        )
        self._comments(page, key, space)
        self.data.pages[page.id] = page
        return page

    def _comments(self, page: Page, key: str, space: Space) -> None:
        for n in range(number(f"{key} comments", 3)):
            text = pick(f"{key} comment {n}", words.SENTENCES)
            author = pick(
                f"{key} commenter {n}", [p for p in _PEOPLE if p not in space.hidden_from]
            )
            page.comments.append(
                PageComment(
                    id=self.data.new_id(),
                    page=page.id,
                    author=author,
                    created=page.created + (n + 1) * DAY,
                    representation="storage",
                    body=f"<p>{text}</p>",
                )
            )


def _guide(title: str) -> str:
    steps = Block("numbers", [pick(f"{title} step {n}", words.STEPS) for n in range(3)])
    return (
        macro("toc", {})
        + as_storage(
            [Block("text", [pick(title, words.SENTENCES)]), Block("heading", ["How to"]), steps]
        )
        + macro("info", {}, rich=f"<p>{pick(f'{title} info', words.SENTENCES)}</p>")
        + macro("code", {"language": "bash"}, plain=f'shop-admin --topic "{title}" && echo <done>')
    )


def _service(title: str) -> str:
    rows = [
        ["Environment", "Hosts", "Owner"],
        ["staging", "2", "web team"],
        ["production", str(3 + number(title, 9)), "operations"],
    ]
    status = macro("status", {"title": "LIVE", "colour": "Green"})
    return (
        f"<p>State: {status} &nbsp;since spring&hellip;</p>"
        + as_storage([Block("heading", ["Hosts"]), Block("table", rows=rows)])
        + '<p>See <ac:link><ri:page ri:content-title="Release process" /><ac:plain-text-link-body>'
        "<![CDATA[the release process]]></ac:plain-text-link-body></ac:link>.</p>"
        '<ac:image ac:width="400"><ri:attachment ri:filename="overview.png" /></ac:image>'
        + macro("expand", {"title": "Details"}, rich=f"<p>{pick(title, words.SENTENCES)}</p>")
    )


def _runbook(title: str) -> str:
    tasks = "".join(
        f"<ac:task><ac:task-id>{n}</ac:task-id><ac:task-status>{'complete' if n == 1 else 'incomplete'}"
        f"</ac:task-status><ac:task-body>{pick(f'{title} task {n}', words.STEPS)}</ac:task-body></ac:task>"
        for n in (1, 2, 3)
    )
    return (
        macro("warning", {}, rich="<p>Call the owner before step <strong>three</strong>.</p>")
        + f"<ac:task-list>{tasks}</ac:task-list>"
        + macro(
            "jira",
            {
                "server": "Jira",
                "jqlQuery": "project = OPS AND status != Done",
                "maximumIssues": "10",
            },
        )
    )


def _meeting(title: str) -> str:
    left = f"<h2>Agenda</h2><ul><li>{pick(title, words.SENTENCES)}</li></ul>"
    right = f'<h2>Present</h2><p><ac:link><ri:user ri:account-id="{ADA.account_id}" /></ac:link> and others</p>'
    return (
        '<ac:layout><ac:layout-section ac:type="two_equal">'
        f"<ac:layout-cell>{left}</ac:layout-cell><ac:layout-cell>{right}</ac:layout-cell>"
        "</ac:layout-section></ac:layout>"
    )


def _decision(title: str) -> str:
    table = Block(
        "table",
        rows=[["Option", "For", "Against"], ["Keep", "known", "slow"], ["Change", "fast", "new"]],
    )
    return as_storage(
        [
            Block("text", [pick(title, words.SENTENCES)]),
            table,
            Block("panel", ["Decided: change."], note="tip"),
        ]
    )


def _policy(title: str) -> str:
    rules = Block("bullets", [pick(f"{title} rule {n}", words.SENTENCES) for n in range(2)])
    return (
        as_storage([Block("heading", [title]), rules]) + "<p>Questions: <em>people team</em>.</p>"
    )


def _section(
    builder: _Builder, space: Space, name: str, titles: Sequence[str], text: Callable[[str], str]
) -> None:
    body = f"<p>{name}</p>" + macro("children", {"all": "true"})
    parent = builder.page(space, name, body, space.homepage)
    for title in titles:
        builder.page(space, title, text(title), parent.id)


def _full(deployment: Literal["cloud", "dc"], part: slice) -> ConfluenceData:
    data = ConfluenceData(deployment=deployment, spaces={}, pages={}, next_id=65536)
    builder = _Builder(data=data)
    docs = builder.space("DOCS", "Documentation", "How the shop works and how to run it.")
    _section(builder, docs, "Guides", words.TOPICS[part], _guide)
    _section(
        builder, docs, "Services", [f"Service: {name}" for name in words.PARTS[part]], _service
    )
    _section(
        builder, docs, "Runbooks", [f"Runbook: {name}" for name in words.PARTS[part][:10]], _runbook
    )
    team = builder.space("TEAM", "Web Team", "Meetings, decisions, plans.")
    weeks = [f"{name} week {week}" for week in (44, 45, 46) for name in words.MEETINGS]
    _section(builder, team, "Meetings", weeks[part], _meeting)
    _section(
        builder,
        team,
        "Decisions",
        [f"Decision: {topic}" for topic in words.TOPICS[10:16][part]],
        _decision,
    )
    people = builder.space("HR", "People", "Confidential.", hidden=[GRACE.account_id])
    _section(builder, people, "Policies", words.POLICIES[part], _policy)
    [rules] = [page for page in data.pages.values() if page.title == words.POLICIES[0]]
    rules.restricted = {"update": [ADA.account_id]}
    return data


def instances() -> dict[str, ConfluenceData]:
    """Return the two Confluence instances by site name."""
    acme, server = _full("cloud", slice(None)), _full("dc", slice(0, 6))
    builder = _Builder(data=acme)
    space = acme.space_by_key("TEAM")
    if space is not None:
        block = [Block("text", [words.INJECTION]), Block("text", [words.HTMLISH])]
        builder.page(space, "Notes from the supplier portal", as_storage(block), space.homepage)
    for data in (acme, server):
        _enrich(data)
        _add_posts(data)
    _add_folder(acme)
    _add_templates(acme)
    return {"acme": acme, "dc-confluence": server}


def _add_folder(data: ConfluenceData) -> None:
    """Put an empty folder below the home page of the documentation."""
    docs = data.space_by_key("DOCS")
    assert docs
    folder = Folder(
        id=data.new_id(),
        space=docs.id,
        title="Drawer of drafts",
        author=docs.owner,
        created=docs.created,
        parent=docs.homepage,
    )
    data.folders[folder.id] = folder


def _add_posts(data: ConfluenceData) -> None:
    """Give two spaces a blog post each."""
    for key, title, text in (
        ("DOCS", "Hello from the archive", "The old handbook is read-only now."),
        ("HR", "Confidential greetings", "Not for everybody."),
    ):
        space = data.space_by_key(key)
        assert space
        at = TODAY - 3 * DAY
        version = Version(
            number=1,
            author=ADA.account_id,
            created=at,
            message="",
            title=title,
            representation="storage",
            body=f"<p>{text}</p>",
        )
        post = Page(
            id=data.new_id(),
            space=space.id,
            author=ADA.account_id,
            created=at,
            versions=[version],
            kind="blogpost",
        )
        data.pages[post.id] = post


def _add_templates(data: ConfluenceData) -> None:
    """Give the site and two of its spaces templates."""
    variables = (
        '<at:declarations><at:string at:name="service" /><at:string at:name="owner" />'
        "</at:declarations>"
    )
    incident = (
        variables + '<h2>What happened to <at:var at:name="service" />?</h2>'
        '<p>Owner: <at:var at:name="owner" /></p>'
        "<p><ac:placeholder>What did people see?</ac:placeholder></p>"
    )
    rows = (
        (None, "Incident report", "For every outage.", incident),
        (None, "Decision", "For and against.", "<h2>Options</h2>"),
        (None, "Minutes", "Of a meeting.", "<h2>Present</h2>"),
        ("DOCS", "Guide", "How to do one thing.", "<h2>Goal</h2><h2>Steps</h2>"),
        ("HR", "Salary review", "Confidential.", "<h2>Confidential</h2>"),
    )
    for key, name, description, body in rows:
        space = data.space_by_key(key) if key else None
        template = Template(
            id=data.new_id(),
            name=name,
            description=description,
            body=body,
            space=space.id if space else None,
        )
        data.templates[template.id] = template


def _enrich(data: ConfluenceData) -> None:
    """Give one page a comment on its text and a file, after all other ids were given out."""
    page = next(page for page in data.pages.values() if page.title == "Release process")
    at = page.created + 2 * DAY
    status = macro("status", {"title": "OPEN", "colour": "Red"})
    page.comments.append(
        PageComment(
            id=data.new_id(),
            page=page.id,
            author=GRACE.account_id,
            created=at,
            representation="storage",
            body=f"<p>Who signs this off? {status}</p>",
            anchor="How to",
        )
    )
    page.attachments.append(
        PageAttachment(
            id=f"att{data.new_id()}",
            author=ADA.account_id,
            filename="checklist.txt",
            mime="text/plain",
            created=at,
            content=base64.b64encode(b"1. Tag the release\n2. Tell the shop\n").decode(),
        )
    )
