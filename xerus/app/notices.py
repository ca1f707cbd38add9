"""The notices above the pages, and the worker's look at the installation."""

from collections.abc import Mapping

from xerus.app.foundation import Foundation
from xerus.app.tooling import shared_products
from xerus.atlassian.limits import AtlassianLimits
from xerus.atlassian.pat import SharedCredentials
from xerus.connections.links import Link
from xerus.connections.service import Connections
from xerus.notices.operator import OperatorWatch
from xerus.notices.service import Notices
from xerus.oauth.credential import certificate_from_pem


def notices_for(
    base: Foundation, links: Mapping[Link, Connections], limits: AtlassianLimits
) -> Notices:
    """Return what finds the notices of a person."""
    by_person = base.settings.credential_mode != "shared"
    used = {link: one for link, one in links.items() if one.configured and by_person}
    return Notices(
        db=base.db,
        clock=base.clock,
        missing={link: one.missing for link, one in used.items()},
        usage=limits.points.usage,
    )


def operator_watch(base: Foundation, shared: SharedCredentials) -> OperatorWatch:
    """Return what looks at the installation.

    Raises:
        NotConfigured: the certificate that Xerus proves itself with cannot be used.
    """
    settings = base.settings
    pem = settings.identity.client_certificate
    ends_at = certificate_from_pem(pem, now=base.clock.now()).ends_at if pem else None
    return OperatorWatch(
        db=base.db,
        clock=base.clock,
        shared_products=() if settings.credential_mode == "user" else shared_products(settings),
        prove=shared.prove,
        certificate_ends_at=ends_at,
    )
