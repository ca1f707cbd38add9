"""The one-shot commands: migrate, rotate keys, verify and export the audit log."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path

import orjson

from xerus.app.foundation import Foundation, lay
from xerus.app.resealing import reseal_everything
from xerus.app.serving import bring_up_to_date, database
from xerus.audit import ocsf
from xerus.audit.events import Event
from xerus.db.migrate import migrate as apply_migrations
from xerus.errors import NotConfigured
from xerus.settings.groups import Settings
from xerus.telemetry import logs


class ExportForm(StrEnum):
    """How the audit log is exported: as it is, or in the words of OCSF."""

    JSONL = "jsonl"
    OCSF = "ocsf"


@asynccontextmanager
async def _foundation(settings: Settings) -> AsyncIterator[Foundation]:
    """Yield database, keys and audit log for a command that runs beside a serving Xerus."""
    logs.configure(level="warning", form=settings.server.log_format)
    async with database(settings) as urls:
        bring_up_to_date(urls)
        base = await lay(settings, urls)
        await base.audit.start(write_checkpoints=False)
        try:
            yield base
        finally:
            await base.audit.stop()
            await base.close()


async def migrate(settings: Settings) -> int:
    """Apply outstanding migrations; where the roles may not be made, print the SQL for them."""
    logs.configure(level="warning", form=settings.server.log_format)
    async with database(settings) as urls:
        try:
            applied = apply_migrations(urls.owner, login=urls.login_name)
        except NotConfigured as error:
            print(error.hint.partition("\n")[2])
            print(
                f"{error.message} Let an administrator of the database run the SQL above, "
                "then run xerus migrate again.",
                file=sys.stderr,
            )
            return 1
    print(f"Applied: {', '.join(applied)}." if applied else "The database is up to date.")
    return 0


async def rotate_keys(settings: Settings) -> int:
    """Make new keys, wrap all keys with the provider of now, seal every stored secret anew."""
    async with _foundation(settings) as base:
        rotation = await base.signing_keys.rotate()
        began = "published" if rotation.begun else "published before"
        print(
            f"signing key: {began}, signs from {rotation.signs_from:%Y-%m-%d %H:%M} UTC; "
            f"the one before is accepted until {rotation.retired:%H:%M} UTC"
        )
        fresh = await base.vault.rotate()
        print(f"data key: {'begun' if fresh else 'going on with the rotation that was cut off'}")
        rewrapped = await base.rewrap()
        print(f"wrapped anew: {rewrapped} keys, by {base.keyring.provider.reference}")
        done = await reseal_everything(base)
        for kind, found in done.items():
            print(f"{kind}: {found.anew} sealed anew")
        await base.audit.append(Event.KEYS_ROTATED, sealed=sum(p.anew for p in done.values()))
        elsewhere = await base.wrapped_elsewhere()
        before = settings.vault.key_provider_before
    if elsewhere:
        print(f"{elsewhere} keys were wrapped by another provider meanwhile.", file=sys.stderr)
        print(
            "A serving process has other settings: restart it with XERUS_KEY_PROVIDER and "
            "XERUS_KEY_PROVIDER_BEFORE as they are here, then run `xerus keys rotate` again.",
            file=sys.stderr,
        )
    elif before:
        print(f"Nothing needs {before} any more: unset XERUS_KEY_PROVIDER_BEFORE everywhere.")
    broken = {kind: found.broken for kind, found in done.items() if found.broken}
    for kind, count in broken.items():
        print(f"{kind}: {count} values do not open and stay as they are", file=sys.stderr)
    return 1 if broken or elsewhere else 0


async def verify_audit(settings: Settings) -> int:
    """Check the audit chain; return 1 and name the first event that does not fit."""
    async with _foundation(settings) as base:
        verdict = await base.audit.verify()
        await base.audit.append(Event.LOG_VERIFIED, user_id=None, **verdict.facts)
    if verdict.sound:
        print(f"{verdict.events} events, none changed, removed or added.")
        return 0
    place = "" if verdict.n is None else f"event {verdict.n} of chain {verdict.shard}: "
    print(f"The audit log was tampered with: {place}{verdict.reason}", file=sys.stderr)
    return 1


async def export_audit(settings: Settings, out: Path | None, form: ExportForm) -> int:
    """Write all events, one JSON object a line."""
    count = 0
    async with _foundation(settings) as base:
        with out.open("wb") if out else os.fdopen(os.dup(1), "wb") as sink:
            async for event in base.audit.export():
                told = ocsf.from_exported(event) if form is ExportForm.OCSF else event
                sink.write(orjson.dumps(told) + b"\n")
                count += 1
        await base.audit.append(Event.LOG_EXPORTED, events=count, form=form.value)
    print(f"{count} events exported.", file=sys.stderr)
    return 0
