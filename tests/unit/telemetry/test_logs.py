"""Secrets do not reach a log line, neither by their name nor by their look."""

import pytest

from xerus.telemetry import logs

JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_are_taken_out_of_events(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(level="info", form="json" if form == "json" else "text")
    logs.logger("test").info(
        "something",
        access_token="canary-1",
        note=f"Authorization: Bearer canary-2 and {JWT}",
        url="http://localhost/cb?code=canary-3&state=canary-4&x=kept",
        path="/kept",
    )
    written = capsys.readouterr().err
    assert "something" in written
    assert "kept" in written
    assert "canary" not in written
    assert JWT not in written
