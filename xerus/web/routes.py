"""All routes of the pages."""

from collections.abc import Iterator

from starlette.requests import Request
from starlette.routing import Route

from xerus.accounts.sessions import Session
from xerus.web import server_card, server_deps
from xerus.web.activity import ActivityPage
from xerus.web.admin import AdminPage
from xerus.web.admin_audit import AdminAudit
from xerus.web.admin_client_list import AdminClientList
from xerus.web.admin_clients import AdminClients
from xerus.web.admin_connections import AdminConnections
from xerus.web.admin_people import AdminPeople
from xerus.web.admin_person import AdminPerson
from xerus.web.admin_server import AdminServer
from xerus.web.admin_servers import AdminServers
from xerus.web.admin_use import AdminUse
from xerus.web.allowances import Allowances
from xerus.web.branches import BranchPages
from xerus.web.card import base_of
from xerus.web.chat import ChatPages
from xerus.web.chat_decide import ChatDecide
from xerus.web.chat_edit import ChatEdit
from xerus.web.chat_stream import ChatStream
from xerus.web.connect import ConnectCallback, ConnectPages
from xerus.web.connect_client import ConnectClient
from xerus.web.connect_status import ConnectStatus, Find, Watched
from xerus.web.connection import ConnectionPages
from xerus.web.conversations import ConversationPages
from xerus.web.deps import WebDeps
from xerus.web.exports import Exports
from xerus.web.held_access import HeldAccess
from xerus.web.help import HelpPage
from xerus.web.mail import MailPages
from xerus.web.put_away import PutAway
from xerus.web.remove_person import RemovePerson
from xerus.web.server_connect import ServerConnect
from xerus.web.server_pages import ServerPages
from xerus.web.signin import SignInPages
from xerus.web.signout import SignOut
from xerus.web.theme import Theme
from xerus.web.tools import ToolsPage


def routes(deps: WebDeps) -> list[Route]:
    """Return the routes of every page; `pages.assets.Assets.route` serves their files."""
    return [
        *SignInPages(deps).routes(),
        *SignOut(deps).routes(),
        *Theme(deps).routes(),
        *ToolsPage(deps).routes(),
        *ConnectClient(deps).routes(),
        *_links(deps),
        *HeldAccess(deps).routes(),
        *HelpPage(deps).routes(),
        *PutAway(deps).routes(),
        *MailPages(deps).routes(),
        *ActivityPage(deps).routes(),
        *AdminPage(deps).routes(),
        *AdminAudit(deps).routes(),
        *AdminConnections(deps).routes(),
        *AdminUse(deps).routes(),
        *AdminClientList(deps).routes(),
        *AdminClients(deps).routes(),
        *AdminPeople(deps).routes(),
        *AdminPerson(deps).routes(),
        *RemovePerson(deps).routes(),
        *AdminServers(deps).routes(),
        *AdminServer(deps).routes(),
        *ServerConnect(deps).routes(),
        *ServerPages(deps).routes(),
        *ConnectStatus(deps, server_deps.BASE, server_card.found(deps)).routes(),
        *_chat(deps),
        *ConversationPages(deps).routes(),
        *BranchPages(deps).routes(),
        *Exports(deps).routes(),
    ]


def _chat(deps: WebDeps) -> Iterator[Route]:
    pages = ChatPages(deps)
    yield from pages.routes()
    yield from ChatStream(deps, pages).routes()
    yield from ChatDecide(deps, pages.answer).routes()
    yield from Allowances(deps).routes()
    yield from ChatEdit(deps, pages.shown).routes()


def _always(watched: Watched) -> Find:
    async def find(_request: Request, _session: Session) -> Watched:
        return watched

    return find


def _links(deps: WebDeps) -> Iterator[Route]:
    popups = {link: ConnectPages(deps, link) for link in deps.links}
    yield from ConnectCallback(deps, popups).routes()
    for link, pages in popups.items():
        yield from pages.routes()
        yield from ConnectStatus(deps, base_of(link), _always(deps.links[link])).routes()
        yield from ConnectionPages(deps, link).routes()
