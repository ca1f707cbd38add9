"""Keys and self-signed certificates as PEM, as an operator makes them."""

import datetime as dt
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def rsa_key() -> rsa.RSAPrivateKey:
    """Return a key as Entra ID wants one; elsewhere an elliptic one is sooner made."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key: Key, password: bytes = b"") -> str:
    sealed = serialization.BestAvailableEncryption(password) if password else None
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        sealed or serialization.NoEncryption(),
    ).decode()


def self_signed(key: Key, *, name: str = "xerus", begins: int = -1, ends: int = 90) -> str:
    """Return a certificate for the host `name`, good from `begins` to `ends` days from now on."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + dt.timedelta(days=begins))
        .not_valid_after(now + dt.timedelta(days=ends))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def for_localhost(trusted: Path) -> ssl.SSLContext:
    """Return what a server on localhost shows; `trusted` becomes the file of whoever believes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = self_signed(key, name="localhost")
    both = trusted.with_name("server.pem")
    both.write_text(private_pem(key) + certificate)
    trusted.write_text(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context
