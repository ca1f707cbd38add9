"""`xerus mcp`: the tools over stdio with the credentials of the environment, no database."""

from collections.abc import Sequence

from xerus.app.foundation import egress_for
from xerus.app.tool_audit import LoggedTools
from xerus.app.tooling import catalogue_of, shared_credentials
from xerus.atlassian.limits import AtlassianLimits
from xerus.clock import SystemClock
from xerus.egress.client import Egress
from xerus.errors import NotConfigured
from xerus.mcpserver.stdio import serve_stdio
from xerus.settings.groups import Settings
from xerus.telemetry import logs
from xerus.telemetry.logs import logger
from xerus.telemetry.metrics import Metrics
from xerus.tools.connection import SharedStatus
from xerus.tools.runner import Runner

_log = logger(__name__)


async def serve(settings: Settings, *, notes: Sequence[str] = ()) -> int:
    """Serve MCP over stdin and stdout until stdin closes.

    Args:
        settings: of the environment.
        notes: what to say at the start about variables that mean something else here.

    Raises:
        NotConfigured: the environment names no Jira and no Confluence.
    """
    logs.configure(level=settings.server.log_level, form=settings.server.log_format)
    for note in notes:
        _log.warning("variable_without_effect", note=note)
    if not settings.shared_credential:
        raise NotConfigured(
            "No credential for Jira or Confluence is set.",
            hint="Set JIRA_URL, JIRA_USERNAME and JIRA_API_TOKEN (Cloud), or JIRA_URL and "
            "JIRA_PERSONAL_TOKEN (Data Center); the same with CONFLUENCE_.",
        )
    egress = egress_for(settings, Metrics())
    runner = _runner(settings, egress)
    try:
        await serve_stdio(runner=runner)
    finally:
        await runner.drain()
        await egress.close()
    return 0


def _runner(settings: Settings, egress: Egress) -> Runner:
    shared, clock = shared_credentials(settings, egress), SystemClock()
    return Runner(
        catalogue=catalogue_of(settings),
        credentials_for=lambda _: shared,
        status_for=lambda _: SharedStatus(credentials=shared, tools_url=""),
        egress=egress,
        limits=AtlassianLimits(clock=clock),
        audit=LoggedTools(),
        tools_url="",
        clock=clock,
    )
