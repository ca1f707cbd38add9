"""The command `xerus`.

Each command imports what it runs: `xerus check` answers without loading a web server.
"""

import gc
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from xerus import __version__
from xerus.app.loop import run
from xerus.app.roles import Role, parse_roles
from xerus.errors import XerusError
from xerus.settings import loading
from xerus.settings.groups import Settings
from xerus.settings.problems import SettingsError

app = typer.Typer(
    name="xerus",
    help="A self-hosted AI assistant that works in Jira and Confluence as the person who asks.",
    epilog="Examples:  xerus demo  |  xerus check && xerus serve",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
keys = typer.Typer(
    help="The keys that seal stored credentials.",
    epilog="Example:  xerus keys rotate",
    no_args_is_help=True,
)
audit = typer.Typer(
    help="The audit log.",
    epilog="Examples:  xerus audit verify  |  xerus audit export --out audit.jsonl",
    no_args_is_help=True,
)
app.add_typer(keys, name="keys")
app.add_typer(audit, name="audit")

Out = Annotated[Path | None, typer.Option(help="File to write; standard output by default.")]


def main() -> None:
    """Run the command line; every expected failure ends with a message and exit status 1."""
    try:
        app()
    except SettingsError as error:
        for problem in error.problems:
            _say(f"{problem.variable} {problem.message}.\n    {problem.remedy}")
        sys.exit(1)
    except XerusError as error:
        _say(error.message, error.hint)
        sys.exit(1)


def _say(*lines: str) -> None:
    for line in filter(None, lines):
        print(line, file=sys.stderr, flush=True)


def _run(work: Callable[[Settings], Coroutine[Any, Any, int | None]]) -> None:
    settings = loading.load()
    sys.exit(run(work(settings)) or 0)


def _version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of every command."""


@app.command(
    epilog="Examples:  xerus serve  |  xerus serve --roles oauth,mcp --port 8001 --workers 2"
)
def serve(
    roles: Annotated[
        str, typer.Option(help="Comma-separated: web, oauth, mcp, worker. Default: all.")
    ] = ",".join(Role),
    host: Annotated[str | None, typer.Option(help="Address; default XERUS_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; default XERUS_PORT.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Server processes.")] = 1,
    fd: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Serve Xerus: the pages, the OAuth front, the MCP endpoint and the background work."""
    # Starting makes a lot and hardly any garbage: looking for it took a sixth of the time.
    # `serving` looks for it again once it is ready.
    gc.disable()
    from xerus.app import processes, serving
    from xerus.app.clients import listed_clients

    try:
        wanted = parse_roles(roles)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--roles") from error
    settings = loading.load()
    listed_clients(settings)  # what is wrong there is said once, before anything is started
    bind = serving.Bind(host=host or settings.server.host, port=port or settings.server.port, fd=fd)
    if workers > 1:
        gc.enable()
        sys.exit(processes.supervise(bind=bind, roles=wanted, workers=workers))
    sys.exit(run(serving.serve(settings, roles=wanted, bind=bind)))


@app.command(epilog="Example:  XERUS_PORT=9000 xerus demo")
def demo() -> None:
    """Serve Xerus together with a simulated Atlassian and a simulated Entra ID."""
    from xerus.app.demo import demo as run_demo

    sys.exit(run_demo())


@app.command(
    epilog="Example:  JIRA_URL=https://acme.atlassian.net JIRA_USERNAME=ada@example.com "
    "JIRA_API_TOKEN=... xerus mcp"
)
def mcp() -> None:
    """Serve MCP over stdin and stdout with the credentials of the environment; no database.

    Takes the variables of mcp-atlassian as they are.
    """
    from xerus.app import stdio
    from xerus.settings import replaced

    known = replaced.adapted(loading.environment())
    settings = loading.load(known.env)
    sys.exit(run(stdio.serve(settings, notes=known.notes)))


@app.command(epilog="Example:  xerus check && xerus serve")
def check() -> None:
    """Show every setting as found, missing or wrong, with the remedy."""
    from xerus.app.checking import report

    sys.exit(report(loading.environment()))


@app.command(epilog="Example:  XERUS_DATABASE_URL=postgresql://... xerus migrate")
def migrate() -> None:
    """Bring the database up to date; print the SQL for the roles where it may not make them."""
    from xerus.app import maintenance

    _run(maintenance.migrate)


@keys.command("rotate", epilog="Example:  xerus keys rotate")
def keys_rotate() -> None:
    """Make a new signing key and a new data key, wrap all keys and seal every stored secret anew.

    With XERUS_KEY_PROVIDER_BEFORE this moves the keys to another key provider.
    """
    from xerus.app import maintenance

    _run(maintenance.rotate_keys)


@audit.command("verify", epilog="Example:  xerus audit verify")
def audit_verify() -> None:
    """Check the whole chain and name the first event that does not fit."""
    from xerus.app import maintenance

    _run(maintenance.verify_audit)


@audit.command(
    "export",
    epilog="Examples:  xerus audit export --out audit.jsonl  |  xerus audit export --format ocsf",
)
def audit_export(
    out: Out = None,
    form: Annotated[
        Literal["jsonl", "ocsf"],
        typer.Option("--format", help="jsonl: events as they are; ocsf: OCSF 1.4.0, for a SIEM."),
    ] = "jsonl",
) -> None:
    """Write all events, one JSON object a line, oldest first in each chain."""
    from xerus.app import maintenance

    async def work(settings: Settings) -> int:
        return await maintenance.export_audit(settings, out, maintenance.ExportForm(form))

    _run(work)


@app.command(epilog="Example:  xerus sandbox")
def sandbox() -> None:
    """Run the simulated Atlassian and Entra ID alone."""
    from xerus.app.demo import sandbox as become_sandbox

    become_sandbox()


@app.command(hidden=True)
def docs(
    check_only: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 if a page is out of date.")
    ] = False,
) -> None:
    """Write the generated pages of `docs/reference`."""
    from xerus.app import documents

    sys.exit(documents.write(Path("docs/reference"), check_only=check_only))
