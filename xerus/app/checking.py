"""`xerus check`: every setting as found, missing or wrong."""

import sys
from collections.abc import Container, Iterator, Mapping
from tempfile import TemporaryDirectory

from xerus.app.clients import listed_clients
from xerus.app.key_provider import keyring
from xerus.app.loop import run
from xerus.app.mail import smtp_of
from xerus.clock import SystemClock
from xerus.db.migrate import PAST_THE_POOLER, POOLED, answers, pooled
from xerus.errors import XerusError
from xerus.keys.file import FileKeyProvider
from xerus.oauth.credential import certificate_from_pem
from xerus.settings import loading
from xerus.settings.groups import Known, Settings, known
from xerus.settings.key_providers import needed
from xerus.settings.problems import Problem, SettingsError


def report(env: Mapping[str, str]) -> int:
    """Print one line per setting, then the remedies; return 1 if Xerus would not start."""
    settings, problems = loading.examine(env)
    problems += _tried(settings, {problem.variable for problem in problems})
    wrong = {name for problem in problems for name in problem.variable.split(" and ")}
    for setting in known():
        print(f"{_state(setting, env, wrong):8} {' / '.join(setting.names)}{_note(setting, env)}")
    for problem in problems:
        print(f"\nwrong    {problem.variable} {problem.message}\n         {problem.remedy}")
    for note in _mail_tried(settings):
        print(f"\nnote     {note}")
    print(f"\n{_verdict(problems)}")
    sys.stdout.flush()
    return 1 if problems else 0


def _tried(settings: Settings, named: Container[str]) -> Iterator[Problem]:
    """Yield what only a try shows: an unusable file, a service that refuses or does not answer."""
    yield from _data_dir_tried(settings)
    yield from _keys_tried(settings, named)
    certificate = settings.identity.client_certificate
    if certificate:
        try:
            certificate_from_pem(certificate, now=SystemClock().now())
        except XerusError as error:
            yield Problem(
                variable="ENTRA_ID_CLIENT_CERTIFICATE",
                message=error.message.partition(" ")[2].rstrip("."),
                remedy=error.hint,
            )
    try:
        listed_clients(settings)
    except SettingsError as error:
        yield from error.problems
    database = settings.database
    for variable, url in (
        ("XERUS_DATABASE_URL", database.url),
        ("XERUS_DATABASE_DIRECT_URL", database.direct_url if database.url else None),
    ):
        if url and not answers(url.get_secret_value()):
            yield Problem(
                variable=variable,
                message="names a database that does not answer, or refuses this login",
                remedy="Check host, port, login, password and name, and that PostgreSQL is running.",
            )
        elif url and database.direct_url is None and pooled(url.get_secret_value()):
            yield Problem(variable=variable, message=POOLED, remedy=PAST_THE_POOLER)


def _data_dir_tried(settings: Settings) -> Iterator[Problem]:
    """Make a folder in the data folder, or where that would be made, and take it away again."""
    folder = settings.server.data_dir.absolute()
    try:
        nearest = next(one for one in (folder, *folder.parents) if one.exists())
        with TemporaryDirectory(dir=nearest, prefix=".xerus-check-"):
            pass
    except OSError as error:
        yield Problem(
            variable="XERUS_DATA_DIR",
            message=f"names {folder}, where nothing can be written: {error.strerror}",
            remedy="Set it to a folder that Xerus may write to.",
        )


def _keys_tried(settings: Settings, named: Container[str]) -> Iterator[Problem]:
    chosen = settings.vault.key_provider
    before = settings.vault.key_provider_before
    if "file" in {chosen.kind, before.kind if before else ""}:
        try:
            FileKeyProvider(settings.server.data_dir / "key").reference  # noqa: B018 - reads the file
        except XerusError as error:
            yield Problem(
                variable="XERUS_DATA_DIR",
                message=f"holds what cannot be used. {error.message}",
                remedy=error.hint,
            )
    asked_for = [name for names in needed(chosen.kind) for name in names]
    if chosen.kind != "file" and not any(name in named for name in asked_for):
        try:
            run(_one_wrapped(settings))
        except XerusError as error:
            yield Problem(
                variable="XERUS_KEY_PROVIDER",
                message=f"cannot be used. {error.message}",
                remedy=error.hint,
            )


def _mail_tried(settings: Settings) -> Iterator[str]:
    """Yield what keeps mail from being sent; it stops no start."""
    smtp = smtp_of(settings)
    if smtp is None:
        return
    try:
        run(smtp.greet())
    except XerusError as error:
        yield f"XERUS_SMTP_HOST {error.message} {error.hint}"


async def _one_wrapped(settings: Settings) -> None:
    keys = keyring(settings)
    try:
        await keys.provider.wrap(b"", b"")
    finally:
        await keys.close()


def _given(setting: Known, env: Mapping[str, str]) -> str:
    names = [*setting.names, *(f"{name}_FILE" for name in setting.names if setting.secret)]
    return next((name for name in names if env.get(name, "").strip()), "")


def _state(setting: Known, env: Mapping[str, str], wrong: set[str]) -> str:
    if wrong & {*setting.names, *(f"{name}_FILE" for name in setting.names)}:
        return "wrong"
    if _given(setting, env):
        return "found"
    optional = setting.default or "Default" in setting.description or "Unset" in setting.description
    return "default" if optional else "missing"


def _note(setting: Known, env: Mapping[str, str]) -> str:
    """Say what a missing setting is for; never show a value."""
    if _given(setting, env):
        return ""
    default = f" Default: {setting.default}." if setting.default else ""
    return f": {setting.description}{default if 'Default' not in setting.description else ''}"


def _verdict(problems: list[Problem]) -> str:
    if problems:
        return f"Xerus would not start: {len(problems)} to correct."
    return "Xerus would start."
