"""Every operation that the gateway may run."""

from xerus_sandbox.operations import Operation
from xerus_sandbox.products.confluence import operations as confluence
from xerus_sandbox.products.confluence import page_operations as pages
from xerus_sandbox.products.confluence import part_operations as confluence_parts
from xerus_sandbox.products.jira import agile_operations as agile
from xerus_sandbox.products.jira import cloud_v2, service_desk
from xerus_sandbox.products.jira import lookup_operations as jira_lookups
from xerus_sandbox.products.jira import operations as jira
from xerus_sandbox.products.jira import part_operations as jira_parts

OPERATIONS: tuple[Operation, ...] = (
    *jira.CLOUD,
    *jira.DATA_CENTER,
    *agile.CLOUD,
    *agile.DATA_CENTER,
    *jira_lookups.CLOUD,
    *jira_lookups.DATA_CENTER,
    *jira_parts.CLOUD,
    *jira_parts.DATA_CENTER,
    *cloud_v2.operations((*jira.CLOUD, *jira_lookups.CLOUD, *jira_parts.CLOUD)),
    *service_desk.CLOUD,
    *service_desk.DATA_CENTER,
    *confluence.CLOUD,
    *confluence.DATA_CENTER,
    *confluence_parts.CLOUD,
    *confluence_parts.DATA_CENTER,
    *pages.CLOUD,
    *pages.DATA_CENTER,
)
