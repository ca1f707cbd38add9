"""Which issuer a token may name: the configured one, or one of the allowed tenants of Entra ID.

Entra's addresses that tenants share (`organizations`, `common`) have a template as issuer in their
discovery document. It equals nothing, so each token is measured by the tenant it names, and that
tenant has to be one that the operator allowed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

SHARED = frozenset({"common", "organizations"})
TENANT = "{tenantid}"


@dataclass(frozen=True, kw_only=True)
class IssuerRule:
    """Decides about issuers.

    Attributes:
        issuer: as configured; the discovery document is found from it.
        template: the `issuer` that the discovery document has to name.
        tenants: the allowed tenants behind a template, in lower case; nobody by default.
    """

    issuer: str
    template: str
    tenants: frozenset[str]

    @classmethod
    def of(cls, issuer: str, tenants: Iterable[str] = ()) -> "IssuerRule":
        """Return the rule of a configured issuer."""
        template = with_template(issuer)
        allowed = frozenset(tenant.lower() for tenant in tenants)
        return cls(issuer=issuer, template=template, tenants=allowed)

    @property
    def shared(self) -> bool:
        """Whether the issuer is an address that tenants share."""
        return self.template != self.issuer

    @property
    def only_tenant(self) -> bool:
        """Whether all people come from one tenant, whose administrator assigns their names."""
        return not self.shared or len(self.tenants) == 1

    def allows(self, issuer: object) -> bool:
        """Tell whether a token or an answer may name this issuer."""
        if not self.shared:
            return issuer == self.issuer
        return any(issuer == self.template.replace(TENANT, tenant) for tenant in self.tenants)

    def is_of_template(self, issuer: object, tenant: object) -> bool:
        """Tell whether an issuer is the shared template filled with a tenant, allowed or not."""
        named = isinstance(tenant, str) and tenant != ""
        return self.shared and named and issuer == self.template.replace(TENANT, str(tenant))


def with_template(issuer: str) -> str:
    """Return an issuer with the word that tenants share replaced as Entra's documents do."""
    parts = urlsplit(issuer)
    first, slash, rest = parts.path.removeprefix("/").partition("/")
    if first not in SHARED:
        return issuer
    return urlunsplit(parts._replace(path=f"/{TENANT}{slash}{rest}"))
