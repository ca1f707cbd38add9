"""Which redirect addresses clients may have, however they come to be registered."""

from xerus.oauth.redirect_uri import RedirectPolicy
from xerus.settings.groups import Settings


def redirect_policy(settings: Settings) -> RedirectPolicy:
    """Return the policy that the settings make."""
    return RedirectPolicy(private=frozenset(settings.server.private_redirects))
