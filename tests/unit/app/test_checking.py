"""What `xerus check` finds by trying."""

from pathlib import Path

import pytest

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
