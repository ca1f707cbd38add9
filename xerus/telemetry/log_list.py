"""The closed list of log events: `docs/reference/logs.md` is made from it.

A test holds it against the code both ways: name, level and facts of every line that is logged.
"""

from dataclasses import dataclass
from typing import Literal

Level = Literal["info", "warning", "error", "exception"]


@dataclass(frozen=True, kw_only=True)
class LogEvent:
    """One constant name; `exception` is an error with a stack trace.

    Attributes:
        facts: what stands beside it, besides what every line has.
    """

    name: str
    level: Level
    facts: tuple[str, ...]
    meaning: str


def _event(level: Level, name: str, meaning: str, *facts: str) -> LogEvent:
    return LogEvent(name=name, level=level, facts=facts, meaning=meaning)


ALL = (
    # MCP servers
    _event(
        "warning",
        "server_away",
        "An MCP server that administrators added does not answer a greeting; it is tried again by"
        " itself, an hour apart at most",
        "server",
        "cause",
    ),
    _event("info", "server_back", "An MCP server that was away answers again", "server"),
    _event(
        "warning",
        "registration_left_behind",
        "A removed MCP server's authorization server did not end the registration of Xerus; its"
        " operator can delete it there",
        "server",
    ),
    # Sign-in and people
    _event(
        "warning",
        "groups_missing",
        "A person is in more groups than the token names and Graph could not be asked, so rules by"
        " group do not admit them. `meaning` says what to set",
        *("user", "meaning"),
    ),
    _event(
        "warning",
        "identity_refused",
        "The identity provider no longer lets a person in: their sessions and grants end",
        *("user", "cause", "request_id"),
    ),
    _event(
        "warning",
        "identity_check_unanswered",
        "The identity provider did not say whether a person is still allowed; it is asked again",
        *("user", "cause", "debug"),
    ),
    _event(
        "error",
        "identity_of_somebody_else",
        "The identity provider answered the check of one person with another: nothing is changed",
        "user",
    ),
    _event(
        "warning",
        "identity_not_admitted",
        "A person is known to the identity provider and not admitted here any more",
        *("user", "cause"),
    ),
    _event(
        "warning",
        "sign_in_failed",
        "A sign-in did not come to its end; the person saw the correlation id",
        *("cause", "correlation_id", "debug"),
    ),
    _event(
        "warning",
        "sign_out_at_provider_skipped",
        "A person is signed out here; the provider's own sign-out address is not known",
        *("cause", "debug"),
    ),
    _event(
        "warning",
        "entra_token_of_version_1",
        "A token of Entra's version 1 came to `/mcp`; `meaning` says what to change there",
        "meaning",
    ),
    _event(
        "warning",
        "no_identity_provider",
        "At start: no identity provider is set up, one local administrator can sign in",
        "meaning",
    ),
    # Connections
    _event(
        "warning",
        "connect_failed",
        "An attempt to connect failed; the person saw the correlation id",
        *("flow", "cause", "debug", "correlation_id"),
    ),
    _event(
        "info",
        "probe_failed",
        "A real call to prove a connection failed; the page of the connection shows it",
        *("connection", "product", "cause", "debug", "correlation_id"),
    ),
    _event(
        "warning",
        "connection_checks_rest",
        "Atlassian gave no verdict on a check: no connection is checked for `seconds`",
        *("link", "seconds", "cause"),
    ),
    _event(
        "warning",
        "renewal_failed",
        "Atlassian gave no new token; it is tried again, the grant is kept. `cause` says why",
        *("connection", "cause", "debug", "correlation_id"),
    ),
    _event(
        "warning",
        "connection_needs_consent",
        "Atlassian ended a grant; its person has to connect again",
        *("connection", "debug", "correlation_id"),
    ),
    _event(
        "warning",
        "renewals_rest",
        "The token endpoint failed five times in a row, or rejected your app's credentials (`cause`"
        " is `client_rejected`); nobody is asked to reconnect, one request tries again after"
        " `seconds`",
        *("link", "seconds", "cause"),
    ),
    _event("info", "renewals_resume", "The token endpoint answers again", "link"),
    _event(
        "warning",
        "renewed_pair_waits_for_database",
        "A new token is only in memory while the database is away: do not stop this process",
        "connection",
    ),
    # Tools
    _event(
        "info",
        "tool_call_started",
        "`xerus mcp` only: a call goes out",
        *("tool", "client", "client_name", "correlation_id"),
    ),
    _event(
        "info",
        "tool_call_finished",
        "`xerus mcp` only: how a call ended",
        *("outcome", "status", "latency_ms", "tool", "client", "client_name", "correlation_id"),
    ),
    _event(
        "info",
        "tool_call_refused",
        "`xerus mcp` only: a call of which nothing was sent",
        *("cause", "tool", "client", "client_name", "correlation_id"),
    ),
    _event(
        "warning",
        "atlassian_answer_unusable",
        "Jira or Confluence said yes with something that is not the answer",
        *("tool", "correlation_id", "request_id", "problem"),
    ),
    _event(
        "exception",
        "tool_failed",
        "A defect of ours in a tool; the caller saw the correlation id",
        *("tool", "correlation_id"),
    ),
    _event("error", "tool_audit_failed", "The end of a call could not be recorded", "error"),
    _event(
        "warning",
        "atlassian_hold_not_shared",
        "The database was away, so each process learns of a used-up quota by itself",
        "debug",
    ),
    _event(
        "warning",
        "atlassian_points_not_shared",
        "The database was away; what this process spent of Atlassian's points is added later",
        "debug",
    ),
    _event(
        "exception",
        "atlassian_points_failed",
        "A defect of ours in the count, with its stack trace",
    ),
    _event(
        "warning",
        "atlassian_points_low",
        "Four fifths of an hourly quota of Atlassian's are used; each process says so once an hour",
        *("product", "site", "points", "quota", "told_left", "resets_at"),
    ),
    _event(
        "warning",
        "tools_not_enabled",
        "At start: XERUS_ENABLED_TOOLS names what is not here",
        *("names", "meaning"),
    ),
    _event(
        "warning",
        "shared_credential",
        "At start: everybody acts as the account of your token",
        *("mode", "meaning"),
    ),
    _event(
        "warning",
        "variable_without_effect",
        "`xerus mcp` only: a variable of mcp-atlassian that means nothing here",
        "note",
    ),
    _event(
        "warning",
        "assistant_run_failed",
        "The assistant could not answer; the person saw the correlation id",
        *("error", "cause", "status", "correlation_id"),
    ),
    _event(
        "exception",
        "assistant_run_broken",
        "A defect ended an answer of the chat: the person is told, with the id",
        "correlation_id",
    ),
    _event(
        "warning",
        "assistant_run_superseded",
        "An answer of the chat was not stored: another process took over, believing this one dead",
    ),
    _event(
        "warning",
        "remote_server_missing",
        "An MCP server that administrators added does not answer as it should: an answer in the chat"
        " goes without its tools",
        *("server", "cause"),
    ),
    _event(
        "warning",
        "clients_without_file",
        "At start: clients of an earlier XERUS_OAUTH_CLIENTS_FILE are still there",
        *("clients", "meaning"),
    ),
    _event(
        "warning",
        "mail_not_sent",
        "An e-mail about `notice` did not go out; it is tried again, unless the server refused it",
        *("user", "notice", "attempt", "cause", "debug"),
    ),
    # Pages
    _event(
        "error",
        "request_failed",
        "A request was answered with 5xx; a defect of ours comes with its stack trace",
        *("path", "status", "cause", "debug", "correlation_id"),
    ),
    # Keys and the audit log
    _event(
        "warning",
        "sealed_value_broken",
        "A stored secret opens with no key: its row was changed; `debug` names it",
        "debug",
    ),
    _event(
        "error",
        "data_key_kept",
        "An older data key is not destroyed, because such values may need it",
        "values",
    ),
    _event(
        "warning",
        "new_data_key_not_opened",
        "The key provider does not open a key that another process began; this one seals with the"
        " key before it and asks again in a minute",
    ),
    _event(
        "warning",
        "key_provider_fails",
        "The key provider would let no process start; those that run go on. `why` says what it said",
        *("why", "debug"),
    ),
    _event("warning", "key_provider_answers_again", "The key provider is back"),
    _event(
        "warning",
        "credential_file_not_read",
        "The file with the key provider's credential cannot be read; what was read before is used",
        "file",
    ),
    _event("warning", "data_key_destroyed", "Data keys out of use were destroyed", "keys"),
    _event(
        "exception",
        "audit_checkpoint_failed",
        "The ends of the audit log were not signed; it is tried again in seconds",
    ),
    _event(
        "error",
        "audit_retention_refused",
        "Old events of a chain do not fit together, so they stay: run `xerus audit verify`",
        *("shard", "after"),
    ),
    # What it runs on
    _event(
        "warning",
        "database_listener_lost",
        "Notifications are away; nothing is cached until they are back",
        "error",
    ),
    _event(
        "exception",
        "notification_handler_failed",
        "A defect of ours while a notification was taken in",
    ),
    _event(
        "warning",
        "embedded_database_elsewhere",
        "The embedded database lies in another folder than asked for; `reason` says why",
        *("asked_for", "used", "reason"),
    ),
    _event(
        "warning",
        "worker_loop_waits",
        "A background loop waits for the database or the key provider",
        *("loop", "debug"),
    ),
    _event("exception", "worker_loop_failed", "A defect of ours in a background loop", "loop"),
)
