"""AWS KMS and STS on one port, as their API references say, with the signature checked.

KMS: POST / with `X-Amz-Target: TrentService.{Encrypt,Decrypt}`; STS: the form of
AssumeRoleWithWebIdentity, answered with XML.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from tests.support.key_services.service import Denied, FakeService, Key

_ARN = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_OTHER = "arn:aws:kms:eu-central-1:111122223333:alias/other"
_ROLE = "arn:aws:iam::111122223333:role/xerus"
_SCOPE = "eu-central-1/kms/aws4_request"


def _error(kind: str, message: str = "", status: int = 400) -> Denied:
    return Denied(status, {"__type": kind, "message": message or f"{kind} happened"})


def _bytes(fields: dict[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(fields[name], validate=True)
    except (binascii.Error, KeyError, TypeError, ValueError):
        raise _error("SerializationException") from None


class FakeAws(FakeService):
    """KMS with a key and an alias of another; STS lets a role be taken with the platform's token."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.keys = {_ARN: Key(), _OTHER: Key()}
        self._platform_token = secrets.token_urlsafe(48)
        self.token_file = folder / "web-identity-token"
        self.token_file.write_text(self._platform_token)
        self._sessions: dict[str, tuple[str, str]] = {}
        self._over: set[str] = set()
        self._given = {self._platform_token}
        self._used: list[str] = []
        self._rejecting = False

    @property
    def env(self) -> dict[str, str]:
        return {
            "XERUS_KEY_PROVIDER": f"aws-kms:{_ARN}",
            "AWS_ROLE_ARN": _ROLE,
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(self.token_file),
            "AWS_ENDPOINT_URL_KMS": self.url,
            "AWS_ENDPOINT_URL_STS": self.url,
        }

    def env_with_access_key(self, *, right: bool = True) -> dict[str, str]:
        key, secret, session = self._new_session()
        return {
            "XERUS_KEY_PROVIDER": f"aws-kms:{_ARN}",
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret if right else secrets.token_urlsafe(30),
            "AWS_SESSION_TOKEN": session,
            "AWS_ENDPOINT_URL_KMS": self.url,
        }

    @property
    def env_of_another_key(self) -> dict[str, str]:
        return {**self.env, "XERUS_KEY_PROVIDER": f"aws-kms:{_OTHER}"}

    @property
    def secrets(self) -> set[str]:
        return self._given

    @property
    def words(self) -> dict[str, tuple[str, str]]:
        return {
            "disable": (f"has {_ARN} disabled", "Enable the key"),
            "forbid": ("lets nobody use", "kms:Encrypt and kms:Decrypt"),
            "lose": (f"has no key {_ARN}", "region, account and key id"),
            "reject": (f"does not let Xerus take the role {_ROLE}", "trust policy"),
        }

    def rotate(self) -> None:
        self.keys[_ARN].rotate()

    def versions_used(self) -> list[str]:
        return self._used

    def disable(self) -> None:
        self.keys[_ARN].enabled = False

    def lose(self) -> None:
        del self.keys[_ARN]

    def reject(self) -> None:
        self._rejecting = True

    def expire(self) -> None:
        self._over |= set(self._sessions)

    def _new_session(self) -> tuple[str, str, str]:
        key = f"ASIA{secrets.token_hex(8).upper()}"
        secret, session = secrets.token_urlsafe(30), secrets.token_urlsafe(60) + "/+=="
        self._sessions[key] = (secret, session)
        self._given |= {secret, session}
        return key, secret, session

    async def answer(self, request: web.Request, body: bytes) -> web.Response:
        if (request.method, request.path) != ("POST", "/"):
            raise _error("UnknownOperationException", status=404)
        if "X-Amz-Target" not in request.headers:
            return self._assume_role(parse_qs(body.decode()))
        self.seen.append((request.method, request.headers["X-Amz-Target"]))
        self._check_signature(request, body)
        if request.content_type != "application/x-amz-json-1.1":
            raise _error("SerializationException")
        fields = json.loads(body)
        service, _, action = request.headers["X-Amz-Target"].partition(".")
        if service != "TrentService" or action not in {"Encrypt", "Decrypt"}:
            raise _error("UnknownOperationException")
        if action.lower() not in self.permitted:
            raise _error("AccessDeniedException", "User is not authorized to perform this")
        key = self.keys.get(fields["KeyId"])
        if key is None:
            raise _error("NotFoundException", f"Key '{fields['KeyId']}' does not exist")
        if not key.enabled:
            raise _error("DisabledException", f"{fields['KeyId']} is disabled.")
        context = json.dumps(fields.get("EncryptionContext", {}), sort_keys=True).encode()
        return web.json_response(
            (self._encrypt if action == "Encrypt" else self._decrypt)(key, fields, context),
            content_type="application/x-amz-json-1.1",
        )

    def _encrypt(self, key: Key, fields: dict[str, Any], context: bytes) -> dict[str, Any]:
        version, sealed = key.encrypt(_bytes(fields, "Plaintext"), context)
        self._used.append(str(version))
        blob = fields["KeyId"].encode().ljust(90) + bytes([version]) + sealed
        return {
            "CiphertextBlob": base64.b64encode(blob).decode(),
            "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
            "KeyId": fields["KeyId"],
        }

    def _decrypt(self, key: Key, fields: dict[str, Any], context: bytes) -> dict[str, Any]:
        blob = _bytes(fields, "CiphertextBlob")
        name = blob[:90].decode(errors="replace").strip()
        if name not in self.keys or len(blob) < 91:
            raise _error("InvalidCiphertextException")
        if name != fields["KeyId"]:
            raise _error("IncorrectKeyException", "The key ID in the request does not identify it")
        plaintext = key.decrypt(blob[90], blob[91:], context)
        if plaintext is None:
            raise _error("InvalidCiphertextException")
        return {
            "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
            "KeyId": fields["KeyId"],
            "Plaintext": base64.b64encode(plaintext).decode(),
        }

    def _check_signature(self, request: web.Request, body: bytes) -> None:
        words = dict(
            part.strip().split("=", 1)
            for part in request.headers["Authorization"]
            .removeprefix("AWS4-HMAC-SHA256 ")
            .split(",")
        )
        key, _, scope = words["Credential"].partition("/")
        secret, session = self._sessions.get(key, ("", ""))
        if request.headers.get("X-Amz-Security-Token") != session or not secret:
            raise _error("UnrecognizedClientException", "The security token is invalid.")
        if key in self._over:
            raise _error("ExpiredTokenException", "The security token is expired.")
        at = request.headers["X-Amz-Date"]
        sent = datetime.strptime(at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if abs(datetime.now(UTC) - sent) > timedelta(minutes=5):
            raise _error("InvalidSignatureException", "Signature expired")
        names = words["SignedHeaders"].split(";")
        must = {"host", "x-amz-date", "x-amz-security-token", "x-amz-target"}
        if scope != f"{at[:8]}/{_SCOPE}" or not must <= set(names) or names != sorted(names):
            raise _error("IncompleteSignatureException")
        head = "".join(f"{name}:{request.headers[name].strip()}\n" for name in names)
        payload = hashlib.sha256(body).hexdigest()
        canonical = f"POST\n/\n\n{head}\n{words['SignedHeaders']}\n{payload}"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        signing = hmac.new(f"AWS4{secret}".encode(), at[:8].encode(), hashlib.sha256).digest()
        for part in _SCOPE.split("/"):
            signing = hmac.new(signing, part.encode(), hashlib.sha256).digest()
        text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{digest}".encode()
        if hmac.new(signing, text, hashlib.sha256).hexdigest() != words["Signature"]:
            raise _error("InvalidSignatureException", "The request signature does not match")

    def _assume_role(self, form: dict[str, list[str]]) -> web.Response:
        self.logins += 1
        given = {name: values[0] for name, values in form.items()}
        asked = (given["Action"], given["Version"], given["RoleArn"])
        if asked != ("AssumeRoleWithWebIdentity", "2011-06-15", _ROLE):
            return self._sts_error("ValidationError")
        if self._rejecting or given.get("WebIdentityToken") != self._platform_token:
            return self._sts_error("InvalidIdentityToken")
        key, secret, session = self._new_session()
        ends = datetime.now(UTC) + timedelta(hours=1)
        return web.Response(
            content_type="text/xml",
            text=f"""<AssumeRoleWithWebIdentityResponse
              xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
              <AssumeRoleWithWebIdentityResult>
                <SubjectFromWebIdentityToken>system:serviceaccount:xerus</SubjectFromWebIdentityToken>
                <Audience>sts.amazonaws.com</Audience>
                <AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/xerus/xerus</Arn>
                  <AssumedRoleId>AROA:xerus</AssumedRoleId></AssumedRoleUser>
                <Credentials>
                  <SessionToken>{session}</SessionToken>
                  <SecretAccessKey>{secret}</SecretAccessKey>
                  <Expiration>{ends:%Y-%m-%dT%H:%M:%SZ}</Expiration>
                  <AccessKeyId>{key}</AccessKeyId>
                </Credentials>
              </AssumeRoleWithWebIdentityResult>
              <ResponseMetadata><RequestId>ad4156e9</RequestId></ResponseMetadata>
            </AssumeRoleWithWebIdentityResponse>""",
        )

    def _sts_error(self, code: str) -> web.Response:
        return web.Response(
            status=400,
            content_type="text/xml",
            text=f"""<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>
              <Type>Sender</Type><Code>{code}</Code><Message>Couldn't retrieve it</Message></Error>
              <RequestId>c6104cbe</RequestId></ErrorResponse>""",
        )
