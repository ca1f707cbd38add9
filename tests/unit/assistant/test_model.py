from dataclasses import replace

import pytest
from pydantic import SecretStr

from xerus.assistant import demo
from xerus.assistant.model import Access, Providers
from xerus.errors import NotConfigured

KEY = SecretStr("key-of-the-test")
ALL = Access(anthropic_api_key=KEY, openai_api_key=KEY, compatible_url="http://localhost:11434/v1")


def test_without_a_setting_the_demo_model_answers() -> None:
    assert Providers(Access()).model("").model_name == demo.NAME


@pytest.mark.parametrize(
    "name", ["anthropic:some-model", "openai:some-model", "compatible:qwen3:8b", "compatible:a/b"]
)
def test_a_named_model_is_taken_from_its_provider(name: str) -> None:
    model = Providers(ALL).model(name)
    assert f"{model.system}:{model.model_name}" == name


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("anthropic:x", "ANTHROPIC_API_KEY"),
        ("openai:x", "OPENAI_API_KEY"),
        ("compatible:x", "XERUS_MODEL_URL"),
        ("mystery:x", "anthropic:NAME"),
        ("anthropic", "anthropic:NAME"),
        ("openai:", "anthropic:NAME"),
    ],
)
def test_what_is_missing_is_named(name: str, hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "from the environment")
    monkeypatch.setenv("OPENAI_API_KEY", "from the environment")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:1")
    with pytest.raises(NotConfigured) as raised:
        Providers(Access()).model(name)
    assert hint in raised.value.hint


def test_an_empty_key_is_a_missing_one() -> None:
    with pytest.raises(NotConfigured):
        Providers(replace(ALL, openai_api_key=SecretStr(""))).model("openai:x")
