"""What the settings say of clients: where their answers may go, and which are listed in a file."""

from xerus.grants import client_file
from xerus.grants.client_file import ClientFile
from xerus.oauth.redirect_uri import RedirectPolicy
from xerus.settings.groups import Settings


def redirect_policy(settings: Settings) -> RedirectPolicy:
    """Return which redirect addresses clients may have, however they come to be registered."""
    return RedirectPolicy(private=frozenset(settings.server.private_redirects))


def listed_clients(settings: Settings) -> ClientFile | None:
    """Read the operator's list of clients, None without one.

    Raises:
        SettingsError: something in it is wrong.
    """
    path = settings.server.clients_file
    return client_file.read(path, redirect_policy(settings)) if path else None
