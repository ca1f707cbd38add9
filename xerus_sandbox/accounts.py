"""The people, sites and fixed credentials of the simulated world; the same in every run.

Values are derived from names, so they never change between machines or restarts. None of them
opens anything outside the sandbox.
"""

import base64
import hashlib
import uuid

from xerus_sandbox.operations import Account, Site

_SPACE = uuid.UUID("9a4c0a52-6c1e-4d0f-9d0e-2f6b3c1d7e55")


def fixed_guid(name: str) -> str:
    """Return the GUID that always belongs to this name."""
    return str(uuid.uuid5(_SPACE, name))


def fixed_text(name: str, length: int) -> str:
    """Return `length` characters [A-Za-z0-9_-] that always belong to this name."""
    digest = hashlib.shake_256(name.encode()).digest(length)
    return base64.urlsafe_b64encode(digest).decode()[:length]


ADA = Account(
    account_id="5b10a2844c20165700ede21a",
    email="ada@example.com",
    name="Ada Lovelace",
    username="ada",
)
GRACE = Account(
    account_id="5b10a2844c20165700ede21b",
    email="grace@example.com",
    name="Grace Hopper",
    username="grace",
)
ALAN = Account(
    account_id="5b10a2844c20165700ede21c",
    email="alan@example.com",
    name="Alan Turing",
    username="alan",
)
ACCOUNTS = (ADA, GRACE, ALAN)
BY_EMAIL = {account.email: account for account in ACCOUNTS}

TENANT_ID = fixed_guid("entra tenant")
OTHER_TENANT_ID = fixed_guid("entra other tenant")
ENTRA_CLIENT_ID = fixed_guid("entra client")
ENTRA_CLIENT_SECRET = "Xs8Q~" + fixed_text("entra secret", 35)
MACHINE_CLIENT_ID = fixed_guid("entra machine client")
MACHINE_CLIENT_SECRET = "Ms8Q~" + fixed_text("entra machine secret", 35)
MACHINE_OBJECT_ID = fixed_guid("entra machine service principal")
ADMIN_GROUP_ID = fixed_guid("entra group administrators")
OBJECT_IDS = {account.email: fixed_guid(f"object {account.email}") for account in ACCOUNTS}

ATLASSIAN_CLIENT_ID = fixed_text("atlassian client", 32)
ATLASSIAN_CLIENT_SECRET = "ATOA" + fixed_text("atlassian secret", 60)
API_TOKENS = {a.email: "ATATT3xFfGF0" + fixed_text(f"api token {a.email}", 180) for a in ACCOUNTS}
SCOPED_API_TOKENS = {
    a.email: "ATATT3xFfGF0" + fixed_text(f"scoped api token {a.email}", 180) for a in ACCOUNTS
}
SCOPES_OF_API_TOKENS = (
    "read:jira-work",
    "read:jira-user",
    "write:jira-work",
    "search:confluence",
    "read:page:confluence",
)
DATA_CENTER_CLIENTS = {
    product: (fixed_text(f"dc {product} client", 32), fixed_text(f"dc {product} secret", 64))
    for product in ("jira", "confluence")
}
"""Client id and secret of each product's application link."""
PATS = {a.email: fixed_text(f"pat {a.email}", 44) for a in ACCOUNTS}

CLOUD_IDS = {name: fixed_guid(f"site {name}") for name in ("acme", "labs")}
SITES_OF = {
    ADA.email: ("acme", "labs"),
    GRACE.email: ("acme",),
    ALAN.email: ("acme", "labs"),
}


def cloud_sites(base_url: str) -> dict[str, Site]:
    """Return the Cloud sites by name; `base_url` is the Atlassian port's own."""
    products = {"acme": frozenset({"jira", "confluence"}), "labs": frozenset({"jira"})}
    return {
        name: Site(
            name=name, cloud_id=cloud_id, url=f"{base_url}/site/{name}", products=products[name]
        )
        for name, cloud_id in CLOUD_IDS.items()
    }


def data_center_sites(base_url: str) -> dict[str, Site]:
    """Return the Data Center instances by product name; they have no cloud id."""
    return {
        product: Site(
            name=f"dc-{product}",
            cloud_id="",
            url=f"{base_url}/dc/{product}",
            products=frozenset({product}),
        )
        for product in ("jira", "confluence")
    }


def credentials(atlassian_url: str, entra_url: str) -> dict[str, object]:
    """Return every fixed value a caller needs, as `GET /_sandbox/config` shows it."""
    sites = cloud_sites(atlassian_url)
    return {
        "entra": {
            "tenant_id": TENANT_ID,
            "other_tenant_id": OTHER_TENANT_ID,
            "issuer": f"{entra_url}/{TENANT_ID}/v2.0",
            "shared_issuer": f"{entra_url}/organizations/v2.0",
            "client_id": ENTRA_CLIENT_ID,
            "client_secret": ENTRA_CLIENT_SECRET,
            "machine": {
                "client_id": MACHINE_CLIENT_ID,
                "client_secret": MACHINE_CLIENT_SECRET,
                "object_id": MACHINE_OBJECT_ID,
            },
            "api_scope": f"api://{ENTRA_CLIENT_ID}/mcp",
            "object_ids": OBJECT_IDS,
            "group_ids": {"administrators": ADMIN_GROUP_ID},
        },
        "atlassian": {
            "client_id": ATLASSIAN_CLIENT_ID,
            "client_secret": ATLASSIAN_CLIENT_SECRET,
            "auth_url": atlassian_url,
            "api_url": atlassian_url,
            "account_ids": {a.email: a.account_id for a in ACCOUNTS},
        },
        "sites": {
            site.name: {
                "cloud_id": site.cloud_id,
                "url": site.url,
                "products": sorted(site.products),
                "accounts": [email for email, names in SITES_OF.items() if site.name in names],
            }
            for site in sites.values()
        },
        "api_tokens": API_TOKENS,
        "scoped_api_tokens": SCOPED_API_TOKENS,
        "scopes_of_api_tokens": SCOPES_OF_API_TOKENS,
        "pats": PATS,
        "data_center_oauth": {
            product: {"client_id": client_id, "client_secret": secret}
            for product, (client_id, secret) in DATA_CENTER_CLIENTS.items()
        },
        "data_center": {name: site.url for name, site in data_center_sites(atlassian_url).items()},
    }
