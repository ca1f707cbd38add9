"""Puts the seed data together."""

from xerus_sandbox.products.seed import confluence, jira
from xerus_sandbox.products.seed.people import people
from xerus_sandbox.products.world import World


def build(base_url: str) -> World:
    """Return a fresh world."""
    return World(
        base_url=base_url,
        people=people(),
        jira=jira.instances(),
        confluence=confluence.instances(),
    )
