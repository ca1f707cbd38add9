"""The user directory: the three accounts, and others who cannot sign in here."""

from xerus_sandbox.accounts import ACCOUNTS
from xerus_sandbox.products.model import Person

_OTHERS = (
    # Two people share a name with somebody who can sign in: a name alone does not say who is meant.
    Person(
        account_id="5b10a2844c20165700ede22a",
        name="Alan Turing",
        email="alan.turing@example.com",
        username="aturing",
    ),
    Person(
        account_id="5b10a2844c20165700ede22b",
        name="Grace Hooper",
        email="grace.hooper@example.com",
        username="ghooper",
    ),
    Person(
        account_id="5b10a2844c20165700ede22c",
        name="Edsger Dijkstra",
        email="edsger@example.com",
        username="edsger",
        active=False,
    ),
    Person(
        account_id="557058:6b1f3a52-0c1d-4a5e-9a0a-8d0e7a1c2b3d",
        name="Automation for Jira",
        email="",
        username="automation",
        kind="app",
    ),
)


def people() -> dict[str, Person]:
    """Return the directory by account id."""
    accounts = (
        Person(account_id=a.account_id, name=a.name, email=a.email, username=a.username)
        for a in ACCOUNTS
    )
    return {person.account_id: person for person in (*accounts, *_OTHERS)}
