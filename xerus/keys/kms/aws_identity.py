"""Access keys for AWS: as given, or of a role that a token of the platform may take (IRSA on EKS).

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlencode

from pydantic import SecretStr

from xerus.errors import NotConfigured
from xerus.keys.kms.calls import Answer, Calls
from xerus.keys.kms.sigv4 import AwsCredentials
from xerus.keys.kms.tokens import form_headers

_ELEMENT = re.compile(r"<(\w+)>([^<]*)</\1>")


class GivenAccessKey:
    """The access key of the settings."""

    def __init__(self, credentials: AwsCredentials) -> None:
        self._credentials = credentials

    async def get(self, *, other_than: AwsCredentials | None = None) -> AwsCredentials:
        """Return it; there is no other."""
        del other_than
        return self._credentials


class WebIdentity:
    """Takes the role `role_arn`; `token` reads what the platform put into a file."""

    def __init__(
        self,
        calls: Calls,
        *,
        endpoint: str,
        role_arn: str,
        session_name: str,
        token: Callable[[], SecretStr],
        now: Callable[[], datetime],
    ) -> None:
        self._calls = calls
        self._endpoint = f"{endpoint.rstrip('/')}/"
        self._role_arn = role_arn
        self._session_name = session_name
        self._token = token
        self._now = now

    async def fetch(self) -> tuple[AwsCredentials, float]:
        """Return a new access key, and the seconds that it lasts.

        Raises:
            NotConfigured: STS refuses.
            Unavailable: STS does not answer.
        """
        form = {
            "Action": "AssumeRoleWithWebIdentity",
            "Version": "2011-06-15",
            "RoleArn": self._role_arn,
            "RoleSessionName": self._session_name,
            "WebIdentityToken": self._token().get_secret_value(),
        }
        answer = await self._calls.send(
            self._endpoint, urlencode(form).encode(), form_headers, passing=_passing, read=_from_xml
        )
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        key, secret, session = (answer.text(name) for name in names)
        if not (answer.sound and key and secret and session):
            raise NotConfigured(
                f"AWS STS does not let Xerus take the role {self._role_arn}.",
                hint="Check AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and the role's trust policy "
                "(sts:AssumeRoleWithWebIdentity).",
                debug=f"AWS STS status {answer.status}: {answer.text('Code')}",
            )
        credentials = AwsCredentials(
            access_key_id=key,
            secret_access_key=SecretStr(secret),
            session_token=SecretStr(session),
        )
        return credentials, self._seconds(answer.text("Expiration"))

    def _seconds(self, expiration: str) -> float:
        try:
            ends = datetime.fromisoformat(expiration)
        except ValueError:
            return 0.0
        return (ends.replace(tzinfo=ends.tzinfo or UTC) - self._now()).total_seconds()


def _from_xml(body: bytes) -> object:
    """Return the leaves of an answer of STS by their names, None where it is none.

    None of them holds anything that XML would escape.
    """
    text = body.decode(errors="replace")
    if "<AssumeRoleWithWebIdentityResponse" in text or "<ErrorResponse" in text:
        return dict(_ELEMENT.findall(text))
    return None


def _passing(answer: Answer) -> str:
    over = answer.text("Code") in {"Throttling", "IDPCommunicationError"}
    return " and asks to wait" if over else ""
