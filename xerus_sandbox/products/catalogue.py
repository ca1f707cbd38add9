"""Every operation that the gateway may run."""

from xerus_sandbox.operations import Operation
from xerus_sandbox.products.confluence import operations as confluence
from xerus_sandbox.products.jira import operations as jira

OPERATIONS: tuple[Operation, ...] = (
    *jira.CLOUD,
    *jira.DATA_CENTER,
    *confluence.CLOUD,
    *confluence.DATA_CENTER,
)
