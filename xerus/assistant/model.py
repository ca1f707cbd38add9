"""Builds the models of the providers; each is asked at the address and with the key of the settings.

The providers' libraries read much from the environment by themselves: addresses, keys, headers,
proxies. None of that counts here: addresses and keys are given, and no header of theirs leaves.
"""

from dataclasses import dataclass
from typing import assert_never

from pydantic import SecretStr
from pydantic_ai.models import Model

from xerus.assistant.alternating import Alternating
from xerus.assistant.demo import demo_model
from xerus.egress.library import LibraryClient, library_client
from xerus.errors import NotConfigured
from xerus.settings.models import FORMS, Provider, named, needed

# A model may think for long before its first word; the loop's own deadline ends a run.
_READ_SECONDS = 120.0
# Xerus waits for a busy provider where the person sees it and can stop it: `asking.Patience`.
_RETRIES = 0
_HEADERS = frozenset({"anthropic-version", "anthropic-beta"})


@dataclass(frozen=True, kw_only=True)
class Access:
    """Where the providers are, and the keys to them."""

    anthropic_url: str = "https://api.anthropic.com"
    anthropic_api_key: SecretStr | None = None
    openai_url: str = "https://api.openai.com/v1"
    openai_api_key: SecretStr | None = None
    compatible_url: str | None = None
    compatible_api_key: SecretStr | None = None


class Providers:
    """Builds models; keeps the connections to their providers until `close`."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._clients: list[LibraryClient] = []

    def model(self, name: str) -> Model:
        """Return `anthropic:NAME`, `openai:NAME` or `compatible:NAME`; the demo model for "".

        Raises:
            NotConfigured: an unknown provider, or what it needs is missing; the hint names the
                setting.
        """
        if not name:
            return demo_model()
        found = named(name)
        if found is None:
            raise NotConfigured(
                f"{name!r} names no model that Xerus can use.",
                hint=f"Use {FORMS}, or unset XERUS_MODEL for the demo model.",
            )
        provider, model = found
        access = self._access
        match provider:
            case "anthropic":
                return self._anthropic(model, _needed(access.anthropic_api_key, provider, name))
            case "openai":
                return self._openai(model, _needed(access.openai_api_key, provider, name))
            case "compatible":
                if not access.compatible_url:
                    raise _missing(provider, name)
                return self._compatible(model, access.compatible_url)
            case _:
                assert_never(provider)

    async def close(self) -> None:
        """Close the connections."""
        for client in self._clients:
            await client.aclose()

    # Each provider's library takes about a second to load: only those in use are.
    def _anthropic(self, model: str, key: str) -> Model:
        from anthropic import AsyncAnthropic  # noqa: PLC0415
        from pydantic_ai.models.anthropic import AnthropicModel  # noqa: PLC0415
        from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: PLC0415

        client = AsyncAnthropic(
            api_key=key,
            base_url=self._access.anthropic_url,
            http_client=self._client({"x-api-key": key}),
            max_retries=_RETRIES,
        )
        return Alternating(
            AnthropicModel(model, provider=AnthropicProvider(anthropic_client=client))
        )

    def _openai(self, model: str, key: str) -> Model:
        from openai import AsyncOpenAI  # noqa: PLC0415
        from pydantic_ai.models.openai import OpenAIResponsesModel  # noqa: PLC0415
        from pydantic_ai.providers.openai import OpenAIProvider  # noqa: PLC0415

        client = AsyncOpenAI(
            api_key=key,
            base_url=self._access.openai_url,
            http_client=self._client({"authorization": f"Bearer {key}"}),
            max_retries=_RETRIES,
        )
        return Alternating(
            OpenAIResponsesModel(model, provider=OpenAIProvider(openai_client=client))
        )

    def _compatible(self, model: str, url: str) -> Model:
        from openai import AsyncOpenAI  # noqa: PLC0415
        from pydantic_ai.models.openai import OpenAIChatModel  # noqa: PLC0415
        from pydantic_ai.profiles.openai import OpenAIModelProfile  # noqa: PLC0415
        from pydantic_ai.providers.openai_compatible import (  # noqa: PLC0415
            OpenAICompatibleProvider,
        )

        key = self._access.compatible_api_key
        secret = key.get_secret_value() if key else ""
        client = AsyncOpenAI(
            api_key=secret or "none",  # the library wants one, and it stays here
            base_url=url,
            http_client=self._client({"authorization": f"Bearer {secret}"} if secret else {}),
            max_retries=_RETRIES,
        )
        # Chat templates of open models take one system message, at the start, and no strict schemas.
        profile = OpenAIModelProfile(
            openai_chat_supports_multiple_system_messages=False,
            openai_supports_strict_tool_definition=False,
        )
        provider = OpenAICompatibleProvider("compatible", openai_client=client, profile=profile)
        return Alternating(OpenAIChatModel(model, provider=provider))

    def _client(self, credential: dict[str, str]) -> LibraryClient:
        client = library_client(credential=credential, headers=_HEADERS, read_seconds=_READ_SECONDS)
        self._clients.append(client)
        return client


def _needed(key: SecretStr | None, provider: Provider, model: str) -> str:
    if key is None or not key.get_secret_value():
        raise _missing(provider, model)
    return key.get_secret_value()


def _missing(provider: Provider, model: str) -> NotConfigured:
    setting = needed(provider)
    return NotConfigured(
        f"The model {model!r} is asked for, but {setting} is not set.",
        hint=f"Set {setting}, or unset XERUS_MODEL for the demo model.",
    )
