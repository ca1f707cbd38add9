"""Entra's error numbers in words.

Words only: what is done about an error is decided by the `error` of RFC 6749 alone, as Microsoft asks.
Of a description nothing but numbers and identifiers is taken over: anybody can send a browser to our
callback with a text of their own.
"""

import re
from dataclasses import dataclass

_NUMBER = re.compile(r"\bAADSTS([0-9]{4,8})\b")
_TRACE = re.compile(r"Trace ID: ([0-9a-fA-F-]{36})\b")
_CORRELATION = re.compile(r"Correlation ID: ([0-9a-fA-F-]{36})\b")

_ASK = "An administrator of Entra ID can change that."
_WORDS = {
    "50011": (
        "The redirect address of Xerus is not registered at Entra ID.",
        "An administrator adds it under Authentication of the app registration, to the letter.",
    ),
    "50020": ("Your account belongs to another organization.", "Sign in with another account."),
    "50034": ("There is no such account in this organization.", "Sign in with another account."),
    "50053": ("Your account is locked for a while.", "Try again later."),
    "50055": ("Your password has expired.", "Change it, then sign in again."),
    "50057": ("Your account is disabled.", _ASK),
    "50076": ("Entra ID wants a second proof that it is you.", "Sign in again and give it."),
    "50079": ("You have to set up a second proof first.", "Sign in again and follow Microsoft."),
    "50105": ("You are not assigned to Xerus at Entra ID.", "An administrator can assign you."),
    "50173": ("Your sign-in was ended by an administrator.", "Sign in again."),
    "53000": ("Your device does not meet your organization's rules.", _ASK),
    "53003": ("A rule of your organization does not allow this sign-in.", _ASK),
    "54005": ("This answer of Entra ID was used before.", "Start again."),
    "65001": ("Nobody has agreed to Xerus at Entra ID yet.", "An administrator can agree for all."),
    "65004": ("You declined at Entra ID.", "Start again whenever you like."),
    "70008": ("The answer of Entra ID came too late.", "Start again."),
    "90072": ("Your account is not a member of this organization.", "An administrator can add it."),
    "650053": (
        "Xerus asks Entra ID for a scope that does not exist.",
        "An administrator checks OAUTH_DCR_SCOPE.",
    ),
    "700016": (
        "Entra ID does not know Xerus in this organization.",
        "An administrator checks ENTRA_ID_CLIENT_ID and ENTRA_ID_EXPECTED_ISSUER.",
    ),
    "700082": ("You have not used Xerus for long.", "Sign in again."),
    "700027": (
        "Entra ID does not accept the certificate of Xerus.",
        "An administrator registers the certificate of ENTRA_ID_CLIENT_CERTIFICATE there.",
    ),
    "7000215": (
        "Entra ID does not accept the secret of Xerus.",
        "An administrator sets ENTRA_ID_CLIENT_SECRET to the value of a secret, not to its id.",
    ),
    "7000222": (
        "The secret of Xerus at Entra ID has expired.",
        "An administrator makes a new one and sets ENTRA_ID_CLIENT_SECRET.",
    ),
    "9010010": (
        "Entra ID was asked for another resource than the scopes belong to.",
        "An administrator checks OAUTH_DCR_SCOPE.",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What an error of Entra says.

    Attributes:
        message: in words, with the number.
        hint: what to do, with the identifiers that Microsoft's support asks for.
    """

    number: str
    message: str
    hint: str


def diagnosed(description: str, *, otherwise: str = "Start again.") -> Diagnosis | None:
    """Return what an `error_description` says, None where it is none of Entra's.

    Args:
        description: as it came; nothing of its text is shown.
        otherwise: the hint for a number without words.
    """
    found = _NUMBER.search(description)
    if found is None:
        return None
    number = found[1]
    message, hint = _WORDS.get(number, ("Entra ID refused.", otherwise))
    return Diagnosis(
        number=number, message=f"{message} (AADSTS{number})", hint=_with_ids(hint, description)
    )


def _with_ids(hint: str, description: str) -> str:
    trace, correlation = _TRACE.search(description), _CORRELATION.search(description)
    ids = [
        *([f"trace {trace[1]}"] if trace else []),
        *([f"correlation {correlation[1]}"] if correlation else []),
    ]
    return f"{hint} Microsoft knows this as {', '.join(ids)}." if ids else hint
