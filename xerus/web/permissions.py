"""Atlassian scopes in plain words."""

from collections.abc import Iterable
from dataclasses import dataclass

_WORDS = {
    "read:me": ("Account", "See your name and e-mail address"),
    "offline_access": ("Account", "Stay connected while you are away"),
    "read:jira-work": ("Jira", "Read issues, comments and projects"),
    "read:jira-user": ("Jira", "See names of people"),
    "write:jira-work": ("Jira", "Create and change issues and comments"),
    "search:confluence": ("Confluence", "Search pages"),
    "read:confluence-content.all": ("Confluence", "Read pages with their content"),
    "read:confluence-content.summary": ("Confluence", "Read summaries of pages"),
    "read:confluence-space.summary": ("Confluence", "List spaces"),
    "read:confluence-user": ("Confluence", "See names of people"),
    "read:content.metadata:confluence": ("Confluence", "See the pages above a page"),
    "read:content-details:confluence": ("Confluence", "Find people by their names"),
    "read:hierarchical-content:confluence": ("Confluence", "See the pages below a page"),
    "readonly:content.attachment:confluence": ("Confluence", "Download files of pages"),
    "write:confluence-content": ("Confluence", "Copy, move, label and restrict pages"),
    "write:confluence-file": ("Confluence", "Add files to pages"),
    "manage:jira-project": ("Jira", "Change versions of projects"),
    "read:issue-details:jira": ("Jira", "Read issues with all their details"),
    "read:board-scope:jira-software": ("Jira", "See boards and what is on them"),
    "write:board-scope:jira-software": ("Jira", "Move issues on boards"),
    "read:servicedesk-request": ("Jira", "Read requests of service desks"),
    "write:servicedesk-request": ("Jira", "Create and answer requests of service desks"),
    "READ": ("Data Center", "Read what you may read"),
    "WRITE": ("Data Center", "Read, create and change what you may"),
}
_VERBS = {"read": "Read", "write": "Create and change", "delete": "Delete", "manage": "Manage"}
_PRODUCTS = ("Jira", "Confluence")
_GRANULAR_PARTS = 3


@dataclass(frozen=True, kw_only=True)
class Permission:
    """One scope in words; `granted` is False where Atlassian did not give it."""

    scope: str
    words: str
    granted: bool


@dataclass(frozen=True, kw_only=True)
class PermissionGroup:
    """The permissions of one product."""

    title: str
    permissions: tuple[Permission, ...]


def in_groups(granted: Iterable[str], missing: Iterable[str]) -> list[PermissionGroup]:
    """Return all scopes in words, by product, the account's last."""
    groups: dict[str, list[Permission]] = {}
    absent = frozenset(missing)
    for scope in sorted(frozenset(granted) | absent):
        title, words = _in_words(scope)
        permission = Permission(scope=scope, words=words, granted=scope not in absent)
        groups.setdefault(title, []).append(permission)
    order = (*_PRODUCTS, "Data Center", "Account", "Other")
    return [
        PermissionGroup(title=title, permissions=tuple(groups[title]))
        for title in order
        if title in groups
    ]


def in_words(scopes: Iterable[str]) -> list[str]:
    """Return what scopes allow, each once, in plain words."""
    return list(dict.fromkeys(": ".join(_in_words(scope)) for scope in sorted(scopes)))


def in_short(granted: Iterable[str]) -> list[str]:
    """Return e.g. "read and change Jira", "read Confluence"."""
    verbs: dict[str, set[str]] = {}
    for scope in granted:
        title, _ = _in_words(scope)
        verbs.setdefault(title, set()).add("read" if scope.startswith(("read", "search")) else "")
    return [f"{_can(verbs[product])} {product}" for product in _PRODUCTS if product in verbs]


def _can(verbs: set[str]) -> str:
    return " and ".join(
        word for word, present in (("read", "read" in verbs), ("change", "" in verbs)) if present
    )


def _in_words(scope: str) -> tuple[str, str]:
    if scope in _WORDS:
        return _WORDS[scope]
    parts = scope.split(":")
    if len(parts) < _GRANULAR_PARTS:
        product = next((name for name in _PRODUCTS if name.lower() in scope), "Other")
        return product, scope
    verb, noun, product = parts[0], parts[1], parts[-1]
    title = {"jira": "Jira", "jira-software": "Jira", "confluence": "Confluence"}.get(product)
    words = f"{_VERBS.get(verb, verb.capitalize())} {noun.replace('-', ' ').replace('.', ' ')}s"
    return title or "Other", words
