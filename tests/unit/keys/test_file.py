import asyncio
import base64
import stat
from pathlib import Path

import pytest

from xerus.errors import NotConfigured
from xerus.keys.file import FileKeyProvider
from xerus.keys.provider import WrongKey, associated_data


async def test_the_first_wrap_makes_a_private_file_that_unwraps_later(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.key"
    wrapped = await FileKeyProvider(path).wrap(b"secret", b"aad")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["master.key"]
    assert await FileKeyProvider(path).unwrap(wrapped, b"aad") == b"secret"
    assert b"secret" not in wrapped


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666, 0o601])
async def test_a_key_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.key"
    wrapped = await FileKeyProvider(path).wrap(b"secret", b"")
    path.chmod(mode)

    with pytest.raises(NotConfigured, match=f"mode {mode:04o}") as caught:
        await FileKeyProvider(path).unwrap(wrapped, b"")

    assert "chmod 600" in caught.value.hint


async def test_another_key_other_aad_and_changed_bytes_do_not_unwrap(tmp_path: Path) -> None:
    ours, other = FileKeyProvider(tmp_path / "a"), FileKeyProvider(tmp_path / "b")
    wrapped = await ours.wrap(b"secret", b"aad")
    await other.wrap(b"", b"")

    for provider, value, aad in (
        (other, wrapped, b"aad"),
        (ours, wrapped, b"aae"),
        (ours, wrapped[:-1] + bytes([wrapped[-1] ^ 1]), b"aad"),
        (ours, b"", b"aad"),
    ):
        with pytest.raises(WrongKey):
            await provider.unwrap(value, aad)


async def test_a_lost_key_file_is_an_error_and_not_a_fresh_key(tmp_path: Path) -> None:
    path = tmp_path / "master.key"

    with pytest.raises(NotConfigured, match="missing"):
        await FileKeyProvider(path).unwrap(b"x" * 60, b"")

    assert not path.exists()


@pytest.mark.parametrize("content", ["", "xerus-key-1:", "xerus-key-1:AAAA", "x" * 44, "\xff"])
async def test_a_file_that_holds_no_key_is_named_and_never_quoted(
    tmp_path: Path, content: str
) -> None:
    path = tmp_path / "master.key"
    path.write_text(content)
    path.chmod(0o600)

    with pytest.raises(NotConfigured, match="does not hold a key") as caught:
        await FileKeyProvider(path).wrap(b"secret", b"")

    assert str(path) in caught.value.message


async def test_a_key_that_openssl_made_as_the_documentation_says_serves(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"xerus-key-1:{base64.b64encode(bytes(range(32))).decode()}\n")
    path.chmod(0o600)

    wrapped = await FileKeyProvider(path).wrap(b"secret", b"")

    assert await FileKeyProvider(path).unwrap(wrapped, b"") == b"secret"


async def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    providers = [FileKeyProvider(tmp_path / "master.key") for _ in range(8)]

    await asyncio.gather(*(provider.wrap(b"", b"") for provider in providers))

    assert len({provider.reference for provider in providers}) == 1


def test_associated_data_never_runs_two_parts_together() -> None:
    assert associated_data("ab", "c") != associated_data("a", "bc")
    assert associated_data("ab") != associated_data("ab", "")
