import pytest
from pydantic import SecretStr

from xerus.assistant import demo
from xerus.assistant.model import choose_model
from xerus.errors import NotConfigured

KEY = SecretStr("key-of-the-test")


def test_without_a_setting_the_demo_model_answers() -> None:
    for unset in (None, ""):
        model = choose_model(unset, anthropic_api_key=None, openai_api_key=None)
        assert model.model_name == demo.NAME


@pytest.mark.parametrize("name", ["anthropic:some-model", "openai:some-model"])
def test_a_named_model_is_taken_from_its_provider(name: str) -> None:
    model = choose_model(name, anthropic_api_key=KEY, openai_api_key=KEY)
    assert f"{model.system}:{model.model_name}" == name


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("anthropic:x", "ANTHROPIC_API_KEY"),
        ("openai:x", "OPENAI_API_KEY"),
        ("mystery:x", "anthropic:NAME"),
        ("anthropic", "anthropic:NAME"),
        ("openai:", "anthropic:NAME"),
    ],
)
def test_what_is_missing_is_named(name: str, hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "from the environment")
    monkeypatch.setenv("OPENAI_API_KEY", "from the environment")
    with pytest.raises(NotConfigured) as raised:
        choose_model(name, anthropic_api_key=None, openai_api_key=None)
    assert hint in raised.value.hint
