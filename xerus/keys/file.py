"""The default key provider: one key in a file that only its owner can read."""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from xerus.errors import NotConfigured
from xerus.keys.provider import WrongKey, refuse_foreign

_PREFIX = "xerus-key-1:"
_KEY_BYTES = 32
_NONCE_BYTES = 12


class FileKeyProvider:
    """AES-256-GCM under the key in `path`.

    The file is made, mode 0600, when the first key is wrapped, and read at first use. It is never
    made to unwrap: a lost file is an error with a remedy, not a fresh key that opens nothing.
    """

    kind = "file"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key: bytes | None = None

    @property
    def reference(self) -> str:
        """`file:` and a fingerprint of the key; `file:` alone before there is one."""
        key = self._key or (_read(self._path) if self._path.exists() else None)
        if key is None:
            return "file:"
        return "file:" + hmac.new(key, b"reference", hashlib.sha256).hexdigest()[:16]

    async def wrap(self, plaintext: bytes, aad: bytes) -> bytes:
        """Encrypt `plaintext`; the first call makes the key file."""
        if self._key is None:
            if not self._path.exists():
                _create(self._path)
            self._key = _read(self._path)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self._key).encrypt(nonce, plaintext, aad)

    async def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """Decrypt what `wrap` made."""
        refuse_foreign(wrapped, self.kind)
        if self._key is None:
            self._key = _read(self._path)
        try:
            return AESGCM(self._key).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], aad)
        except (InvalidTag, ValueError) as error:
            raise WrongKey(
                f"The key file {self._path} is not the one this database was sealed with.",
                hint="Put the original key file back, or restore the database that belongs to it.",
            ) from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise NotConfigured(
                    f"The key file {path} can be read by others (mode {mode:04o}).",
                    hint=f"If nobody else has read it: chmod 600 {path}",
                )
            return _decode(file.read(), path)
    except FileNotFoundError as error:
        raise NotConfigured(
            f"The key file {path} is missing, but the database holds keys wrapped with it.",
            hint="Put the original key file back from your backup.",
        ) from error
    except OSError as error:
        raise NotConfigured(
            f"The key file {path} cannot be read: {error.strerror}.",
            hint="Let the user that Xerus runs as own the file.",
        ) from error


def _decode(content: bytes, path: Path) -> bytes:
    text = content.decode("ascii", errors="replace").strip()
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(_PREFIX) or len(key) != _KEY_BYTES:
        raise NotConfigured(
            f"The key file {path} does not hold a key of Xerus.",
            hint="Put the original key file back from your backup.",
        )
    return key


def _create(path: Path) -> None:
    """Write a new key so that it is whole and durable before anybody can see the name."""
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{_PREFIX}{key}\n")
            file.flush()
            os.fsync(file.fileno())
        _publish(partial, path)
    except OSError as error:
        raise NotConfigured(
            f"The key file {path} cannot be made: {error.strerror}.",
            hint="Set XERUS_DATA_DIR to a folder that Xerus may write to.",
        ) from error


def _publish(partial: Path, path: Path) -> None:
    try:
        os.link(partial, path)
    except FileExistsError:
        pass  # another process was faster: its key counts
    finally:
        partial.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
