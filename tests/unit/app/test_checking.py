"""What `xerus check` finds by trying."""

from pathlib import Path

import pytest

from tests.support.certificates import private_pem, rsa_key, self_signed
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


def test_a_client_certificate_is_tried(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = rsa_key(), rsa_key()
    good = self_signed(one)
    told = {
        private_pem(one) + good: "",
        good + private_pem(one): "",
        private_pem(other) + good: "does not belong to its key",
        good: "no private key that can be read",
        private_pem(one): "no certificate that can be read",
        private_pem(one, b"canary") + good: "protected by a password",
        private_pem(one) + self_signed(one, begins=-9, ends=-1): "ended on",
        private_pem(one) + self_signed(one, begins=1, ends=9): "begins on",
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


def test_a_data_folder_that_cannot_be_made_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert report({"XERUS_DATA_DIR": str(tmp_path / "file" / "data")}) == 1
    told = capsys.readouterr().out
    assert "wrong    XERUS_DATA_DIR names" in told
    assert "Set it to a folder that Xerus may write to." in told


def test_a_data_folder_is_left_as_it_was(tmp_path: Path) -> None:
    report({"XERUS_DATA_DIR": str(tmp_path / "data")})
    assert list(tmp_path.iterdir()) == []
