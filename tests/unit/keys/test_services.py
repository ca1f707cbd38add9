"""Every key provider over a key management service, against a server that speaks its HTTP."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.certificates import private_pem, self_signed
from tests.support.key_services.providers import provider_of, told
from tests.support.key_services.service import (
    FakeService,
    Fault,
    html,
    huge,
    reset,
    silence,
    status,
)
from tests.support.key_services.vault import FakeVault
from xerus.errors import NotConfigured, Unavailable
from xerus.keys.file import FileKeyProvider
from xerus.keys.kms.calls import Patience
from xerus.keys.kms.envelope import ServiceKeyProvider
from xerus.keys.moving import MovingProvider
from xerus.keys.provider import KeyProvider, WrongKey


@pytest.fixture
async def provider(service: FakeService, tmp_path: Path) -> AsyncIterator[KeyProvider]:
    async with provider_of(service.env, tmp_path) as one:
        yield one


async def test_what_one_process_wrapped_another_unwraps(
    service: FakeService, provider: KeyProvider, tmp_path: Path
) -> None:
    wrapped = await provider.wrap(b"secret", b"aad")

    assert b"secret" not in wrapped
    assert provider.reference == service.env["XERUS_KEY_PROVIDER"]
    async with provider_of(service.env, tmp_path) as other:
        assert await other.unwrap(wrapped, b"aad") == b"secret"
    assert await provider.wrap(b"secret", b"aad") != wrapped


async def test_long_and_empty_secrets_are_wrapped_alike(provider: KeyProvider) -> None:
    for secret in (b"", b"x" * 100_000):
        assert await provider.unwrap(await provider.wrap(secret, b""), b"") == secret


async def test_another_aad_does_not_unwrap(provider: KeyProvider) -> None:
    wrapped = await provider.wrap(b"secret", b"aad")

    with pytest.raises(WrongKey):
        await provider.unwrap(wrapped, b"aae")


async def test_the_service_itself_binds_the_hash_of_the_aad_where_it_can(
    service: FakeService, provider: KeyProvider
) -> None:
    assert isinstance(provider, ServiceKeyProvider)
    inner, key = provider._service, b"k" * 32
    ciphertext = await inner.encrypt(key, b"a" * 32)

    assert await inner.decrypt(ciphertext, b"a" * 32) == key
    if provider.kind == "azure-key-vault":  # wrapKey takes none for RSA
        assert await inner.decrypt(ciphertext, b"b" * 32) == key
    else:
        with pytest.raises(WrongKey):
            await inner.decrypt(ciphertext, b"b" * 32)


async def test_changed_and_cut_bytes_do_not_unwrap(provider: KeyProvider) -> None:
    wrapped = await provider.wrap(b"secret", b"aad")
    cuts = [wrapped[:end] for end in range(0, len(wrapped), 9)]
    flips = [
        wrapped[:at] + bytes([wrapped[at] ^ 1 << at % 8]) + wrapped[at + 1 :]
        for at in range(0, len(wrapped), 3)
    ]

    for spoilt in (*cuts, *flips, wrapped + b"x", b""):
        with pytest.raises(WrongKey):
            await provider.unwrap(spoilt, b"aad")


async def test_another_key_of_the_service_is_a_wrong_key_with_a_remedy(
    service: FakeService, provider: KeyProvider, tmp_path: Path
) -> None:
    wrapped = await provider.wrap(b"secret", b"aad")

    async with provider_of(service.env_of_another_key, tmp_path) as other:
        with pytest.raises(WrongKey) as caught:
            await other.unwrap(wrapped, b"aad")

    assert service.env_of_another_key["XERUS_KEY_PROVIDER"] in caught.value.message
    assert "XERUS_KEY_PROVIDER" in caught.value.hint


async def test_a_version_that_the_service_rotated_away_still_unwraps(
    service: FakeService, provider: KeyProvider, tmp_path: Path
) -> None:
    before = await provider.wrap(b"secret", b"aad")
    service.rotate()
    after = await provider.wrap(b"secret", b"aad")

    assert len(set(service.versions_used())) == 2
    async with provider_of(service.env, tmp_path) as other:
        assert await other.unwrap(before, b"aad") == await other.unwrap(after, b"aad") == b"secret"


async def test_the_key_file_and_a_service_name_each_other_in_what_they_refuse(
    provider: KeyProvider, tmp_path: Path
) -> None:
    file = FileKeyProvider(tmp_path / "key")
    of_file, of_service = await file.wrap(b"secret", b""), await provider.wrap(b"secret", b"")

    for one, wrapped, name in ((provider, of_file, "file"), (file, of_service, provider.kind)):
        with pytest.raises(WrongKey, match=f"wrapped by `{name}`") as caught:
            await one.unwrap(wrapped, b"")
        assert "XERUS_KEY_PROVIDER_BEFORE" in caught.value.hint


async def test_while_keys_move_both_providers_unwrap_and_the_new_one_wraps(
    service: FakeService, provider: KeyProvider, tmp_path: Path
) -> None:
    file = FileKeyProvider(tmp_path / "key")
    moving = MovingProvider(now=provider, before=file)
    wrapped = await file.wrap(b"secret", b"")

    assert await moving.unwrap(wrapped, b"") == b"secret"
    assert await provider.unwrap(await moving.wrap(b"secret", b""), b"") == b"secret"
    assert (moving.kind, moving.reference) == (provider.kind, provider.reference)


async def test_keys_move_between_two_keys_of_one_service(
    service: FakeService, provider: KeyProvider, tmp_path: Path
) -> None:
    before = service.env["XERUS_KEY_PROVIDER"]
    wrapped = await provider.wrap(b"secret", b"")
    env = {**service.env_of_another_key, "XERUS_KEY_PROVIDER_BEFORE": before}

    async with provider_of(env, tmp_path) as moving:
        assert await moving.unwrap(wrapped, b"") == b"secret"
        wrapped = await moving.wrap(b"secret", b"")
        assert await moving.unwrap(wrapped, b"") == b"secret"

    async with provider_of(service.env_of_another_key, tmp_path) as after:
        assert await after.unwrap(wrapped, b"") == b"secret"


@pytest.mark.parametrize("deed", ["disable", "forbid", "lose", "reject"])
async def test_a_refusal_says_what_is_wrong_and_what_to_do_and_shows_no_credential(
    service: FakeService, provider: KeyProvider, tmp_path: Path, deed: str
) -> None:
    wrapped = await provider.wrap(b"secret", b"")
    getattr(service, deed)()

    async with provider_of(service.env, tmp_path) as fresh:
        with pytest.raises(NotConfigured) as caught:
            await fresh.unwrap(wrapped, b"")

    assert not isinstance(caught.value, WrongKey)
    message, hint = service.words[deed]
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert not [secret for secret in service.secrets if secret in told(caught.value)]


async def test_a_key_that_may_only_encrypt_wraps_nothing(
    service: FakeService, provider: KeyProvider
) -> None:
    service.forbid("decrypt")

    with pytest.raises(NotConfigured):
        await provider.wrap(b"secret", b"")


async def test_a_credential_that_ends_is_renewed_by_itself(
    service: FakeService, provider: KeyProvider
) -> None:
    wrapped = await provider.wrap(b"secret", b"")
    logins = service.logins
    for _ in range(3):
        service.expire()
        assert await provider.unwrap(wrapped, b"") == b"secret"
        assert await provider.unwrap(wrapped, b"") == b"secret"

    assert service.logins - logins in {0, 3}


_FAULTS: dict[str, tuple[Fault, str]] = {
    "throttled": (status(429, "{}"), "status 429"),
    "throttled with a time": (status(429, "{}", **{"Retry-After": "0"}), "status 429"),
    "failed": (status(500, '{"errors": ["boom"]}'), "status 500"),
    "away": (status(503, '{"errors": ["Vault is sealed"]}'), "status 503"),
    "a proxy's page": (html(502), "status 502 and not as it should"),
    "a page that says it went well": (html(200), "status 200 and not as it should"),
    "a list": (status(200, "[]"), "status 200 and not as it should"),
    "too long": (huge(), "more than Xerus reads"),
    "cut off": (reset, "cannot be reached"),
}


@pytest.mark.parametrize("name", _FAULTS)
async def test_a_fault_that_passes_is_not_noticed(
    service: FakeService, provider: KeyProvider, name: str
) -> None:
    wrapped = await provider.wrap(b"secret", b"")
    service.faults = [_FAULTS[name][0]] * 2

    assert await provider.unwrap(wrapped, b"") == b"secret"


@pytest.mark.parametrize("name", _FAULTS)
async def test_a_fault_that_stays_is_told_and_the_service_left_in_peace_for_a_while(
    service: FakeService, provider: KeyProvider, name: str
) -> None:
    wrapped = await provider.wrap(b"secret", b"")
    fault, why = _FAULTS[name]
    service.faults = [fault] * 50

    with pytest.raises(Unavailable, match=why) as caught:
        await provider.unwrap(wrapped, b"")

    assert service.url in caught.value.hint
    assert not [secret for secret in service.secrets if secret in told(caught.value)]
    tries = len(service.faults)
    with pytest.raises(Unavailable):
        await provider.unwrap(wrapped, b"")
    assert len(service.faults) == tries == 47


async def test_a_service_that_does_not_listen_is_told(
    service: FakeService, provider: KeyProvider
) -> None:
    await service.go_away()

    with pytest.raises(Unavailable, match="cannot be reached"):
        await provider.wrap(b"secret", b"")


async def test_a_certificate_that_nobody_trusts_is_told(tmp_path: Path) -> None:
    key, pem = ec.generate_private_key(ec.SECP256R1()), tmp_path / "pem"
    pem.write_text(private_pem(key) + self_signed(key, name="localhost"))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(pem)
    vault = FakeVault(tmp_path)
    await vault.come_back(tls)
    env = {**vault.env, "VAULT_ADDR": f"https://localhost:{vault.port}"}

    async with provider_of(env, tmp_path) as provider:
        with pytest.raises(Unavailable, match="certificate that this machine does not trust"):
            await provider.wrap(b"secret", b"")

    assert vault.seen == []
    await vault.go_away()


async def test_a_service_that_says_nothing_is_told(service: FakeService, tmp_path: Path) -> None:
    service.faults = [silence] * 3
    hasty = Patience(attempt_seconds=0.2, pauses=(0.0, 0.0))

    async with provider_of(service.env, tmp_path, hasty) as provider:
        with pytest.raises(Unavailable, match="in time"):
            await provider.wrap(b"secret", b"")

    assert service.faults == []


async def test_an_answer_of_another_service_is_no_wrong_key(
    service: FakeService, provider: KeyProvider
) -> None:
    wrapped = await provider.wrap(b"secret", b"")
    for body in ("{}", '{"data": [], "errors": 7}', '{"value": 1}'):
        for code in (200, 204, 307, 404, 418):
            service.faults = [status(code, body)] * 3
            with pytest.raises(NotConfigured) as caught:
                await provider.unwrap(wrapped, b"")
            assert not isinstance(caught.value, WrongKey)
            service.faults = []
