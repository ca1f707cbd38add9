"""AWS KMS: https://docs.aws.amazon.com/kms/latest/APIReference/."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

import orjson

from xerus.errors import NotConfigured
from xerus.keys.kms.calls import Answer, Calls
from xerus.keys.kms.envelope import wrong_key
from xerus.keys.kms.sigv4 import AwsCredentials, signed

KIND = "aws-kms"


class CredentialSource(Protocol):
    """Where the access key comes from."""

    async def get(self, *, other_than: AwsCredentials | None = None) -> AwsCredentials:
        """Return the access key, a new one where the service refused `other_than`."""
        ...


class AwsKms:
    """A `KeyService` over the key or alias `arn`."""

    kind = KIND

    def __init__(
        self,
        calls: Calls,
        *,
        endpoint: str,
        region: str,
        arn: str,
        credentials: CredentialSource,
        now: Callable[[], datetime],
    ) -> None:
        self._calls = calls
        self._endpoint = f"{endpoint.rstrip('/')}/"
        self._region = region
        self._arn = arn
        self._credentials = credentials
        self._now = now

    @property
    def reference(self) -> str:
        """The ARN."""
        return f"{KIND}:{self._arn}"

    async def encrypt(self, plaintext: bytes, context: bytes) -> bytes:
        """Encrypt with the newest key material of the key."""
        answer = await self._ask("Encrypt", {"Plaintext": _base64(plaintext)}, context)
        return self._bytes(answer, "CiphertextBlob")

    async def decrypt(self, ciphertext: bytes, context: bytes) -> bytes:
        """Decrypt with any key material that the key has had, and with no other key."""
        answer = await self._ask("Decrypt", {"CiphertextBlob": _base64(ciphertext)}, context)
        return self._bytes(answer, "Plaintext")

    async def _ask(self, action: str, fields: Mapping[str, str], context: bytes) -> Answer:
        encryption_context = {"xerus": context.hex()}
        body = orjson.dumps({"KeyId": self._arn, "EncryptionContext": encryption_context, **fields})
        used = await self._credentials.get()
        answer = await self._send(action, body, used)
        if _code(answer) in _CREDENTIALS_OVER:
            fresh = await self._credentials.get(other_than=used)
            if fresh != used:
                answer = await self._send(action, body, fresh)
        return answer

    def _send(self, action: str, body: bytes, credentials: AwsCredentials) -> Awaitable[Answer]:
        def headers() -> Mapping[str, str]:
            return signed(
                {
                    "Host": urlsplit(self._endpoint).netloc,
                    "Content-Type": "application/x-amz-json-1.1",
                    "X-Amz-Target": f"TrentService.{action}",
                },
                body,
                credentials=credentials,
                region=self._region,
                service="kms",
                at=self._now(),
            )

        return self._calls.send(self._endpoint, body, headers, passing=_passing)

    def _bytes(self, answer: Answer, name: str) -> bytes:
        value = answer.text(name)
        if not answer.sound or not value:
            raise self._refused(answer)
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as error:
            raise wrong_key(self.reference) from error

    def _refused(self, answer: Answer) -> NotConfigured:
        code = _code(answer)
        debug = f"AWS KMS status {answer.status}: {code}"
        if code in _OTHER_KEY:
            return wrong_key(self.reference, debug=debug)
        message, hint = _meaning(code, answer.status, self._arn)
        return NotConfigured(f"AWS KMS {message}.", hint=hint, debug=debug)


def _meaning(code: str, status: int, arn: str) -> tuple[str, str]:
    """Return what a refusal says, and what to do about it."""
    message = f"does not do what Xerus asks of {arn} (status {status}, {code or 'no error code'})"
    hint = "Check that AWS_ENDPOINT_URL_KMS, where it is set, is the address of AWS KMS."
    match code:
        case "AccessDeniedException":
            message = f"lets nobody use {arn} with this access key"
            hint = "Allow kms:Encrypt and kms:Decrypt on the key, in its key policy or in the identity's."
        case "NotFoundException":
            message = f"has no key {arn}"
            hint = "Check the ARN in XERUS_KEY_PROVIDER: region, account and key id or alias."
        case "DisabledException" | "KMSInvalidStateException":
            message = f"has {arn} disabled, or about to be deleted"
            hint = "Enable the key, or cancel its deletion."
        case "InvalidKeyUsageException" | "ValidationException":
            message = f"cannot encrypt with {arn} as Xerus does"
            hint = "Give the ARN of a symmetric key (SYMMETRIC_DEFAULT, ENCRYPT_DECRYPT)."
        case "ExpiredTokenException" | "RequestExpired":
            message = "says that the session token is over"
            hint = (
                "Give a new AWS_SESSION_TOKEN with its access key and start again; with "
                "AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN Xerus gets a new one by itself."
            )
        case _ if code in _CREDENTIALS_WRONG:
            message = "does not know this access key, or its signature is wrong"
            hint = (
                "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, and that the "
                "clock of this machine is right to five minutes."
            )
    return message, hint


def _code(answer: Answer) -> str:
    """Return the name of the error; some endpoints put a namespace before it."""
    return answer.text("__type").rpartition("#")[2]


def _passing(answer: Answer) -> str:
    over = _code(answer) in {"ThrottlingException", "LimitExceededException"}
    return " and asks to wait" if over else ""


_OTHER_KEY = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})
_CREDENTIALS_WRONG = frozenset(
    {
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
    }
)
_CREDENTIALS_OVER = frozenset(
    {"ExpiredTokenException", "UnrecognizedClientException", "InvalidClientTokenId"}
)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
