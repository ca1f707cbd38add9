"""Which boundary the operator's rules ask for."""

from xerus.atlassian.credentials import Product
from xerus.tools.boundary.confluence import ConfluenceBoundary
from xerus.tools.boundary.jira import JiraBoundary
from xerus.tools.boundary.transport import Boundary
from xerus.tools.policy import Policy


def boundary_of(policy: Policy, product: Product) -> Boundary | None:
    """Return what holds calls to `product`, None where all of it may be reached."""
    if product is Product.JIRA and policy.projects:
        return JiraBoundary(policy.projects)
    if product is Product.CONFLUENCE and policy.spaces:
        return ConfluenceBoundary(policy.spaces)
    return None
