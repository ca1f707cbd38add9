"""Which model answers."""

from pydantic import SecretStr
from pydantic_ai.models import Model

from xerus.assistant.demo import demo_model
from xerus.errors import NotConfigured

# Named, because the libraries would otherwise read addresses and keys from the environment.
_ANTHROPIC = "https://api.anthropic.com"
_OPENAI = "https://api.openai.com/v1"


def choose_model(
    name: str | None, *, anthropic_api_key: SecretStr | None, openai_api_key: SecretStr | None
) -> Model:
    """Return the model of XERUS_MODEL (`anthropic:NAME`, `openai:NAME`), or the demo model.

    Raises:
        NotConfigured: an unknown provider, or its key is missing; the hint names the setting.
    """
    if not name:
        return demo_model()
    provider, _, model = name.partition(":")
    match provider if model else "":
        case "anthropic":
            key = _key(anthropic_api_key, "ANTHROPIC_API_KEY", name)
            return _anthropic(model, key)
        case "openai":
            key = _key(openai_api_key, "OPENAI_API_KEY", name)
            return _openai(model, key)
        case _:
            raise NotConfigured(
                f"XERUS_MODEL is {name!r}, which names no model that Xerus can use.",
                hint="Set it to anthropic:NAME or openai:NAME, or unset it for the demo model.",
            )


# Each provider's library takes about a second to load: only the chosen one is.
def _anthropic(model: str, key: str) -> Model:
    from pydantic_ai.models.anthropic import AnthropicModel  # noqa: PLC0415
    from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: PLC0415

    return AnthropicModel(model, provider=AnthropicProvider(api_key=key, base_url=_ANTHROPIC))


def _openai(model: str, key: str) -> Model:
    from pydantic_ai.models.openai import OpenAIResponsesModel  # noqa: PLC0415
    from pydantic_ai.providers.openai import OpenAIProvider  # noqa: PLC0415

    return OpenAIResponsesModel(model, provider=OpenAIProvider(api_key=key, base_url=_OPENAI))


def _key(key: SecretStr | None, setting: str, model: str) -> str:
    if key is None or not key.get_secret_value():
        raise NotConfigured(
            f"XERUS_MODEL is {model!r}, but {setting} is not set.",
            hint=f"Set {setting}, or unset XERUS_MODEL for the demo model.",
        )
    return key.get_secret_value()
