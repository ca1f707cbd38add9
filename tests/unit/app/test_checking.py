"""What `xerus check` finds by trying."""

import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from xerus.app.checking import report


def test_a_key_file_that_others_can_read_would_stop_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "key"
    key.write_text("canary")
    key.chmod(0o644)

    assert report({"XERUS_DATA_DIR": str(tmp_path)}) == 1

    told = capsys.readouterr().out
    assert "wrong    XERUS_DATA_DIR" in told
    assert f"chmod 600 {key}" in told
    assert "canary" not in told


def _certificate(key: rsa.RSAPrivateKey, *, begins: int, ends: int) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "xerus")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + dt.timedelta(days=begins))
        .not_valid_after(now + dt.timedelta(days=ends))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _private(key: rsa.RSAPrivateKey, password: bytes = b"") -> str:
    sealed = serialization.BestAvailableEncryption(password) if password else None
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        sealed or serialization.NoEncryption(),
    ).decode()


def test_a_client_certificate_is_tried(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in "ab")
    good = _certificate(one, begins=-1, ends=9)
    told = {
        _private(one) + good: "",
        good + _private(one): "",
        _private(other) + good: "does not belong to its key",
        good: "no private key that can be read",
        _private(one): "no certificate that can be read",
        _private(one, b"canary") + good: "protected by a password",
        _private(one) + _certificate(one, begins=-9, ends=-1): "ended on",
        _private(one) + _certificate(one, begins=1, ends=9): "begins on",
        "canary": "no private key that can be read",
    }
    file = tmp_path / "client.pem"
    for pem, problem in told.items():
        file.write_text(pem)
        env = {
            "XERUS_DATA_DIR": str(tmp_path),
            "ENTRA_ID_EXPECTED_ISSUER": "https://login.example.com/tenant/v2.0",
            "ENTRA_ID_CLIENT_ID": "id",
            "ENTRA_ID_CLIENT_CERTIFICATE_FILE": str(file),
        }
        assert report(env) == (1 if problem else 0), problem
        shown = capsys.readouterr().out
        assert problem in shown
        assert not problem or "wrong    ENTRA_ID_CLIENT_CERTIFICATE holds" in shown
        assert "canary" not in shown
        assert "BEGIN" not in shown


def test_a_database_that_does_not_answer_would_stop_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    env = {
        "XERUS_DATA_DIR": str(tmp_path),
        "XERUS_DATABASE_URL": "postgresql://xerus:canary@127.0.0.1:1/xerus",
    }

    assert report(env) == 1

    told = capsys.readouterr().out
    assert "XERUS_DATABASE_URL names a database that does not answer" in told
    assert "canary" not in told
