"""People whose every sealed value is in the database, without a sign-in of theirs."""

import random
from dataclasses import dataclass
from datetime import timedelta

import psycopg
from psycopg import sql

from xerus.app.resealing import lasting
from xerus.clock import SystemClock
from xerus.ids import new_id
from xerus.vault.envelope import Binding
from xerus.vault.resealing import SealedColumn
from xerus.vault.service import Vault

ISSUER = "https://login.example.com/tenant/v2.0"
_FAR = timedelta(days=300)


@dataclass(frozen=True, kw_only=True)
class Value:
    """One sealed value: where it is and what it says."""

    column: SealedColumn
    row: dict[str, str]
    plaintext: bytes

    @property
    def binding(self) -> Binding:
        return Binding(
            table=self.column.table,
            column=self.column.column,
            row_id="/".join(self.row[name] for name in self.column.key),
            user_id=self.row["user_id"] if self.column.of_people else "",
            provider=self.column.provider,
        )

    def read(self, owner: psycopg.Connection) -> bytes:
        query = sql.SQL("SELECT {} FROM {} WHERE {}").format(
            sql.Identifier(self.column.column), sql.Identifier(self.column.table), self._where
        )
        [found] = owner.execute(query).fetchone() or [b""]
        return bytes(found)

    def write(self, owner: psycopg.Connection, sealed: bytes) -> None:
        query = sql.SQL("UPDATE {} SET {} = {} WHERE {}").format(
            *map(sql.Identifier, (self.column.table, self.column.column)), sealed, self._where
        )
        assert owner.execute(query).rowcount == 1

    @property
    def _where(self) -> sql.Composable:
        names = set(self.column.place)
        return sql.SQL(" AND ").join(
            sql.SQL("{} = {}").format(sql.Identifier(name), self.row[name]) for name in names
        )


async def people(owner: psycopg.Connection, vault: Vault, count: int, issuer: str) -> list[Value]:
    """Make people with a connection of each link, a conversation and an approval; no renewal is due."""
    made = [value for _ in range(count) for value in _one_person(issuer)]
    now = SystemClock().now()
    for users in {value.row["user_id"] for value in made}:
        owner.execute(
            "INSERT INTO users (id, tenant, subject, email, name, created_at, signed_in_at,"
            " checked_at) VALUES (%s, 'tenant', %s, 'x@example.com', 'X', %s, %s, %s)",
            (users, users, now, now, now + _FAR),
        )
    sealed = {id(value): await vault.seal(value.plaintext, value.binding) for value in made}
    for value in made:
        _insert(owner, value, sealed[id(value)])
    return made


def _one_person(issuer: str) -> list[Value]:
    user_id, conversation, server = new_id(), new_id(), new_id()
    made: list[Value] = []
    connections: dict[str, str] = {}
    approval = new_id()
    for column in lasting(issuer):
        row = {"user_id": user_id, "conversation_id": conversation, "n": "0"}
        row |= {"server": server, "slug": server.replace("-", "")[:16]}
        row["id"] = {"approvals": approval, "remote_servers": server}.get(
            column.table, conversation
        )
        if column.only:
            row["link"] = column.only[1]
        at = row.get("link", server)
        row["connection_id"] = connections.setdefault(at, new_id())
        plaintext = f"{column.table}.{column.column} of {user_id}: ".encode() + random.randbytes(40)  # noqa: S311 - text
        made.append(Value(column=column, row=row, plaintext=plaintext))
    return made


def _insert(owner: psycopg.Connection, value: Value, sealed: bytes) -> None:
    now = SystemClock().now()
    row: dict[str, object] = {**value.row, "sealed": sealed}
    row |= {"now": now, "far": now + _FAR}
    place = (value.column.table, value.column.column)
    if value.column.table == "remote_servers" or place in _BESIDE:
        value.write(owner, sealed)
        return
    for statement in _STATEMENTS[value.column.table]:
        owner.execute(statement, row)


_BESIDE = {
    ("credentials", "refresh_token"),
    ("remote_credentials", "refresh_token"),
    ("approvals", "more"),
}
"""Columns of rows that another value has made."""

_STATEMENTS = {
    "remote_credentials": (
        (
            "INSERT INTO remote_servers (id, slug, name, url, auth, added_at) VALUES (%(server)s,"
            " %(slug)s, 'Far', 'https://far.example/', 'oauth', %(now)s)"
        ),
        (
            "INSERT INTO remote_connections (id, user_id, server_id, status, consented_at)"
            " VALUES (%(connection_id)s, %(user_id)s, %(server)s, 'connected', %(now)s)"
        ),
        (
            "INSERT INTO remote_credentials (connection_id, user_id, server_id, generation,"
            " access_token, issued_at, access_expires_at, renew_after, check_after)"
            " VALUES (%(connection_id)s, %(user_id)s, %(server)s, 1, %(sealed)s, %(now)s, %(far)s,"
            " %(far)s, %(far)s)"
        ),
    ),
    "credentials": (
        (
            "INSERT INTO connections (id, user_id, link, account_id, account_email, account_name, sites,"
            " granted_scopes, status, consented_at) VALUES (%(connection_id)s, %(user_id)s, %(link)s,"
            " 'a', 'x@example.com', 'X', '[]', '{}', 'connected', %(now)s)"
        ),
        (
            "INSERT INTO credentials (connection_id, user_id, link, generation, access_token,"
            " refresh_token, issued_at, access_expires_at, renew_after) VALUES (%(connection_id)s,"
            " %(user_id)s, %(link)s, 1, %(sealed)s, ''::bytea, %(now)s, %(far)s, %(far)s)"
        ),
    ),
    "identities": (
        (
            "INSERT INTO identities (user_id, refresh_token, updated_at)"
            " VALUES (%(user_id)s, %(sealed)s, %(now)s)"
        ),
    ),
    "conversations": (
        (
            "INSERT INTO conversations (user_id, id, title, created_at, updated_at)"
            " VALUES (%(user_id)s, %(id)s, %(sealed)s, %(now)s, %(now)s)"
        ),
    ),
    "conversation_turns": (
        (
            "INSERT INTO conversation_turns (user_id, conversation_id, n, content)"
            " VALUES (%(user_id)s, %(conversation_id)s, %(n)s, %(sealed)s)"
        ),
    ),
    "approvals": (
        (
            "INSERT INTO approvals (user_id, id, conversation_id, turn, call_id, tool, call, asked_at,"
            " expires_at) VALUES (%(user_id)s, %(id)s, %(conversation_id)s, 0, 'c', 't', %(sealed)s,"
            " %(now)s, %(far)s)"
        ),
    ),
}
