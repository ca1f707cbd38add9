"""The settings, in groups: names, types, defaults and what they mean."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
)
from pydantic.fields import FieldInfo

from xerus.settings import toolsets
from xerus.settings.key_providers import ProviderName
from xerus.settings.model_prices import ModelPrices
from xerus.settings.toolsets import Profile
from xerus.settings.values import (
    Addresses,
    BaseUrl,
    Choices,
    Contact,
    Hosts,
    HttpUrl,
    KeyProviderName,
    Keys,
    MailAddress,
    ModelUrl,
    PostgresUrl,
    PrivateAddresses,
    Words,
)


def _setting(*names: str, default: Any = None, help: str) -> Any:  # noqa: A002 - reads best
    return Field(default, validation_alias=AliasChoices(*names), description=help)


class Group(BaseModel):
    """Settings of one subject."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")


class ServerSettings(Group):
    """Where Xerus listens and how the world names it."""

    port: Annotated[int, Field(ge=1, le=65535)] = _setting(
        "XERUS_PORT", default=8000, help="Port to listen on."
    )
    host: str = _setting("XERUS_HOST", default="127.0.0.1", help="Address to listen on.")
    given_public_url: BaseUrl | None = _setting(
        "XERUS_PUBLIC_URL",
        help="The one base URL that people and clients use. Default: http://localhost:{XERUS_PORT}.",
    )
    trusted_proxies: Addresses = _setting(
        "XERUS_TRUSTED_PROXIES",
        default=(),
        help="Addresses whose forwarded headers count. Default: none.",
    )
    data_dir: Path = _setting(
        "XERUS_DATA_DIR",
        default=None,
        help="Embedded database, local key file, audit checkpoints. "
        "Default: the platform's user data folder.",
    )
    metrics_token: SecretStr | None = _setting(
        "XERUS_METRICS_TOKEN",
        help="Bearer token for /metrics from other machines. Unset: loopback only.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = _setting(
        "XERUS_LOG_LEVEL", default="info", help="Least severity that is logged."
    )
    log_format: Literal["text", "json"] = _setting(
        "XERUS_LOG_FORMAT", default="text", help="Log lines for people (text) or machines (json)."
    )
    registrations_per_minute: Annotated[int, Field(ge=1)] = _setting(
        "XERUS_REGISTRATIONS_PER_MINUTE",
        default=60,
        help="Client registrations accepted from one address in a minute.",
    )
    oauth_requests_per_minute: Annotated[int, Field(ge=100)] = _setting(
        "XERUS_OAUTH_REQUESTS_PER_MINUTE",
        default=12_000,
        help="Requests to /oauth/authorize, callback, token and revoke from one address in a minute; "
        "more get 429. Each process counts for itself.",
    )
    client_documents: bool = _setting(
        "XERUS_OAUTH_CLIENT_DOCUMENTS",
        default=False,
        help="Let in clients that are described by a document at the https address that is their id "
        "(Client ID Metadata Documents). Xerus then reads such addresses on the public internet.",
    )
    clients_file: Path | None = _setting(
        "XERUS_OAUTH_CLIENTS_FILE",
        help="JSON list of MCP clients that are registered beforehand, read at the start; a client "
        "that is no longer in it loses its grants. Unset: none are added, changed or removed.",
    )
    private_redirects: PrivateAddresses = _setting(
        "XERUS_OAUTH_PRIVATE_REDIRECTS",
        default=(
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "cursor://anysphere.cursor-retrieval/oauth/callback",
        ),
        help="Redirect addresses with a scheme of an app's own that clients may register, whole and "
        "exact; a list given here takes the place of the default.",
    )

    @property
    def public_url(self) -> str:
        """The base URL without a trailing slash."""
        return self.given_public_url or f"http://localhost:{self.port}"


class McpSettings(Group):
    """What one request to /mcp may be, and how many of them there may be."""

    most_bytes: Annotated[int, Field(ge=65_536)] = _setting(
        "XERUS_MCP_MAX_BODY_BYTES",
        default=4_194_304,
        help="Size of a request to /mcp that is still read, attachments in it included.",
    )
    deepest: Annotated[int, Field(ge=32, le=200)] = _setting(
        "XERUS_MCP_MAX_JSON_DEPTH",
        default=128,
        help="How deep lists and objects in a request to /mcp may lie in each other.",
    )
    caller_requests_per_minute: Annotated[int, Field(ge=100)] = _setting(
        "XERUS_MCP_CALLER_REQUESTS_PER_MINUTE",
        default=12_000,
        help="Requests to /mcp of one person in a minute, all at once if need be; more get 429. "
        "Each process counts for itself.",
    )
    client_requests_per_minute: Annotated[int, Field(ge=100)] = _setting(
        "XERUS_MCP_CLIENT_REQUESTS_PER_MINUTE",
        default=60_000,
        help="The same for all people of one MCP client together.",
    )


class RemoteSettings(Group):
    """The MCP servers that administrators add."""

    hosts: Hosts = _setting(
        "XERUS_MCP_SERVER_HOSTS",
        default=(),
        help="Hosts of your own network on which administrators may add MCP servers, each as host or "
        "host:port, such as the name of a container; http is allowed to them. Default: none, so that "
        "a server has an https address on the public internet, or runs on this machine.",
    )


class DatabaseSettings(Group):
    """The PostgreSQL to use; unset: the embedded one in the data folder."""

    url: PostgresUrl | None = _setting(
        "XERUS_DATABASE_URL",
        help="PostgreSQL URL, also behind PgBouncer in transaction mode. Unset: embedded server.",
    )
    direct_url: PostgresUrl | None = _setting(
        "XERUS_DATABASE_DIRECT_URL",
        help="The same database past the pooler, for LISTEN and migrations. "
        "Unset: XERUS_DATABASE_URL.",
    )


class VaultSettings(Group):
    """What wraps the data keys."""

    key_provider: KeyProviderName = _setting(
        "XERUS_KEY_PROVIDER",
        default=ProviderName(),
        help="`file`: a key file in the data folder, created 0600 on first start. Or a key in a key "
        "management service: `vault-transit:MOUNT/KEY`, `aws-kms:ARN`, "
        "`azure-key-vault:https://VAULT.vault.azure.net/keys/NAME` (with `/VERSION`, where one is to "
        "wrap), `google-kms:projects/P/locations/L/keyRings/R/cryptoKeys/K`.",
    )
    key_provider_before: KeyProviderName | None = _setting(
        "XERUS_KEY_PROVIDER_BEFORE",
        help="While the keys move: the provider that XERUS_KEY_PROVIDER replaces; `xerus keys rotate` "
        "then moves them. Unset: they stay where they are.",
    )


class KeyServiceSettings(Group):
    """How Xerus reaches the key management service, by the names that its own clients use.

    Nothing here counts unless `XERUS_KEY_PROVIDER` or `XERUS_KEY_PROVIDER_BEFORE` names the service:
    such variables are in many environments.
    """

    vault_addr: str | None = _setting(
        "VAULT_ADDR", help="Address of Vault or OpenBao, for `vault-transit`. Unset: not used."
    )
    vault_token: SecretStr | None = _setting(
        "VAULT_TOKEN",
        help="Token for `vault-transit`. As VAULT_TOKEN_FILE it is read anew when Vault refuses it, "
        "so that Vault Agent can keep the file up to date. Unset: not used.",
    )
    vault_token_file: Path | None = _setting(
        "VAULT_TOKEN_FILE", help="The file of VAULT_TOKEN. Unset: not used."
    )
    vault_namespace: str | None = _setting(
        "VAULT_NAMESPACE",
        help="Namespace in Vault, for `vault-transit`. Unset: the root namespace.",
    )
    aws_access_key_id: str | None = _setting(
        "AWS_ACCESS_KEY_ID", help="Access key for `aws-kms`. Unset: the role of AWS_ROLE_ARN."
    )
    aws_secret_access_key: SecretStr | None = _setting(
        "AWS_SECRET_ACCESS_KEY", help="Secret of the access key. Unset: not used."
    )
    aws_session_token: SecretStr | None = _setting(
        "AWS_SESSION_TOKEN", help="Session token of a temporary access key. Unset: not used."
    )
    aws_role_arn: str | None = _setting(
        "AWS_ROLE_ARN",
        help="Role that Xerus takes for `aws-kms` with the token in AWS_WEB_IDENTITY_TOKEN_FILE, as on "
        "EKS. Unset: the access key.",
    )
    aws_web_identity_token_file: Path | None = _setting(
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        help="File with the token of the platform, read anew each time. Unset: the access key.",
    )
    aws_role_session_name: str = _setting(
        "AWS_ROLE_SESSION_NAME", default="xerus", help="Name of the session, for AWS's logs."
    )
    aws_endpoint_url_kms: str | None = _setting(
        "AWS_ENDPOINT_URL_KMS",
        help="Address of AWS KMS, as of a VPC endpoint. Unset: that of the key's region.",
    )
    aws_endpoint_url_sts: str | None = _setting(
        "AWS_ENDPOINT_URL_STS", help="Address of AWS STS. Unset: that of the key's region."
    )
    azure_tenant_id: str | None = _setting(
        "AZURE_TENANT_ID", help="Tenant of the application for `azure-key-vault`. Unset: not used."
    )
    azure_client_id: str | None = _setting(
        "AZURE_CLIENT_ID", help="Application that may use the key. Unset: not used."
    )
    azure_client_secret: SecretStr | None = _setting(
        "AZURE_CLIENT_SECRET",
        help="Its client secret. Unset: the token in AZURE_FEDERATED_TOKEN_FILE.",
    )
    azure_federated_token_file: Path | None = _setting(
        "AZURE_FEDERATED_TOKEN_FILE",
        help="File with the token of the platform (workload identity), read anew each time. "
        "Unset: the client secret.",
    )
    azure_authority_host: str = _setting(
        "AZURE_AUTHORITY_HOST",
        default="https://login.microsoftonline.com",
        help="Where the application gets its tokens; other clouds have their own.",
    )
    google_application_credentials: Path | None = _setting(
        "GOOGLE_APPLICATION_CREDENTIALS",
        help="JSON file with the key of a service account, for `google-kms`. Unset: not used.",
    )
    google_kms_endpoint: str = _setting(
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS",
        default="https://cloudkms.googleapis.com",
        help="Address of Google Cloud KMS, as of a private endpoint.",
    )


class AuditSettings(Group):
    """How long the audit log keeps events."""

    days: Annotated[int, Field(ge=30)] | None = _setting(
        "XERUS_AUDIT_DAYS",
        help="Days after which the worker removes events from the audit log. Unset: none is removed.",
    )


class IdentitySettings(Group):
    """The app registration at Entra ID, or at any other OpenID Connect provider."""

    expected_issuer: HttpUrl | None = _setting(
        "ENTRA_ID_EXPECTED_ISSUER",
        help="Issuer, e.g. https://login.microsoftonline.com/TENANT-ID/v2.0; "
        "the discovery document is found from it.",
    )
    client_id: str | None = _setting(
        "ENTRA_ID_CLIENT_ID", "OAUTH_DCR_CLIENT_ID", help="Client id of the app registration."
    )
    client_secret: SecretStr | None = _setting(
        "ENTRA_ID_CLIENT_SECRET",
        "OAUTH_DCR_CLIENT_SECRET",
        help="Client secret of the app registration.",
    )
    client_certificate: SecretStr | None = _setting(
        "ENTRA_ID_CLIENT_CERTIFICATE",
        help="PEM text of an RSA private key and its certificate, which prove Xerus instead of a "
        "client secret (private_key_jwt). Unset: the client secret.",
    )
    given_redirect_uri: HttpUrl | None = _setting(
        "OAUTH_DCR_REDIRECT_URI",
        "ENTRA_ID_REDIRECT_URI",
        help="The only redirect registered at Entra. Default: {public URL}/oauth/callback.",
    )
    scope: str = _setting(
        "OAUTH_DCR_SCOPE",
        "ENTRA_ID_SCOPE",
        default="openid profile email",
        help="Scopes asked for at sign-in; offline_access is always added.",
    )
    admins: Words = _setting(
        "XERUS_ADMINS",
        default=(),
        help="Administrators: Entra object ids, group ids, app roles, or e-mails within the pinned "
        "tenant.",
    )
    users: Words = _setting(
        "XERUS_USERS",
        default=(),
        help="Who may use Xerus: group ids, app roles or Entra object ids. Default: everybody who "
        "can sign in.",
    )
    allowed_tenants: Words = _setting(
        "ENTRA_ID_ALLOWED_TENANTS",
        default=(),
        help="Tenant ids whose people may sign in where the issuer is one that tenants share "
        "(organizations, common). Default: none.",
    )

    machine_role: str | None = _setting(
        "XERUS_MACHINE_ROLE",
        help="App role with which an application of the tenant may call /mcp by a token of its own; "
        "it acts with the shared credential only. Unset: no application may.",
    )

    @property
    def configured(self) -> bool:
        """Whether people can sign in through the identity provider."""
        proof = self.client_secret or self.client_certificate
        return bool(self.expected_issuer and self.client_id and proof)


class AtlassianSettings(Group):
    """The Atlassian OAuth 2.0 (3LO) app."""

    client_id: str | None = _setting(
        "ATLASSIAN_OAUTH_CLIENT_ID", help="Client id of the Atlassian OAuth 2.0 app."
    )
    client_secret: SecretStr | None = _setting(
        "ATLASSIAN_OAUTH_CLIENT_SECRET", help="Secret of the Atlassian OAuth 2.0 app."
    )
    given_redirect_uri: HttpUrl | None = _setting(
        "ATLASSIAN_OAUTH_REDIRECT_URI",
        help="Callback URL of the app. Default: {public URL}/connections/atlassian/callback.",
    )
    scope: Words = _setting(
        "ATLASSIAN_OAUTH_SCOPE",
        default=(),
        help="Scopes to ask for. Default: computed from the enabled tools.",
    )
    auth_url: HttpUrl = _setting(
        "ATLASSIAN_AUTH_URL",
        default="https://auth.atlassian.com",
        help="Authorization server (government cloud and sandbox differ).",
    )
    api_url: HttpUrl = _setting(
        "ATLASSIAN_API_URL", default="https://api.atlassian.com", help="API gateway."
    )
    media_urls: Words = _setting(
        "ATLASSIAN_MEDIA_URLS",
        default=("https://api.media.atlassian.com", "https://media-cdn.atlassian.com"),
        help="Hosts to which Atlassian Cloud sends on for the content of attachments.",
    )
    points_per_hour: Annotated[int, Field(ge=1000)] = _setting(
        "XERUS_ATLASSIAN_POINTS_PER_HOUR",
        default=65_000,
        help="The app's hourly quota of points at Atlassian, for Jira and for Confluence each. What "
        "Atlassian's answers name counts instead, where they do.",
    )
    credentials: Literal["user", "shared", "user-then-shared"] | None = _setting(
        "XERUS_ATLASSIAN_CREDENTIALS",
        help="Whose credential a tool call uses: `user` (each person's own connection), `shared` "
        "(the operator's token for every signed-in caller) or `user-then-shared`. "
        "Unset: `shared` if a token is set and no Atlassian app or application link is, else "
        "`user`.",
    )

    @property
    def configured(self) -> bool:
        """Whether people can connect their own Atlassian account."""
        return bool(self.client_id and self.client_secret)


class JiraSettings(Group):
    """The operator's own Jira credential, and the application link of a Data Center."""

    url: HttpUrl | None = _setting("JIRA_URL", help="Base URL of the Jira site or server.")
    username: str | None = _setting("JIRA_USERNAME", help="Account e-mail (Cloud).")
    token: SecretStr | None = _setting(
        "JIRA_PERSONAL_TOKEN", "JIRA_API_TOKEN", help="API token (Cloud) or PAT (Data Center)."
    )
    oauth_client_id: str | None = _setting(
        "JIRA_OAUTH_CLIENT_ID",
        help="Client id of an incoming application link of Jira Data Center at JIRA_URL.",
    )
    oauth_client_secret: SecretStr | None = _setting(
        "JIRA_OAUTH_CLIENT_SECRET", help="Secret of that application link."
    )


class ConfluenceSettings(Group):
    """The operator's own Confluence credential, and the application link of a Data Center."""

    url: HttpUrl | None = _setting(
        "CONFLUENCE_URL", help="Base URL of Confluence, on Cloud with /wiki."
    )
    username: str | None = _setting("CONFLUENCE_USERNAME", help="Account e-mail (Cloud).")
    token: SecretStr | None = _setting(
        "CONFLUENCE_PERSONAL_TOKEN",
        "CONFLUENCE_API_TOKEN",
        help="API token (Cloud) or PAT (Data Center).",
    )
    oauth_client_id: str | None = _setting(
        "CONFLUENCE_OAUTH_CLIENT_ID",
        help="Client id of an incoming application link of Confluence Data Center at "
        "CONFLUENCE_URL.",
    )
    oauth_client_secret: SecretStr | None = _setting(
        "CONFLUENCE_OAUTH_CLIENT_SECRET", help="Secret of that application link."
    )


class ToolSettings(Group):
    """Which tools there are and what they may reach; all of these hold together."""

    toolsets: Choices = _setting(
        "XERUS_TOOLSETS",
        "TOOLSETS",
        default=toolsets.DEFAULT,
        help="Toolsets to switch on: core, fields, links, work, files, agile, versions, jsm, extra; "
        "or `all`; names of mcp-atlassian's toolsets too. Default: `default`, which is core.",
    )
    enabled: Words | None = _setting(
        "XERUS_ENABLED_TOOLS",
        "ENABLED_TOOLS",
        help="Of the switched-on tools only these, by name. Unset: all of them.",
    )
    read_only: bool = _setting(
        "XERUS_READ_ONLY",
        "READ_ONLY_MODE",
        default=False,
        help="Refuse every tool that changes anything.",
    )
    jira_projects: Keys = _setting(
        "XERUS_JIRA_PROJECTS",
        "JIRA_PROJECTS_FILTER",
        default=(),
        help="Keys of the only Jira projects that may be reached. Default: all.",
    )
    confluence_spaces: Keys = _setting(
        "XERUS_CONFLUENCE_SPACES",
        "CONFLUENCE_SPACES_FILTER",
        default=(),
        help="Keys of the only Confluence spaces that may be reached. Default: all.",
    )
    profile: Profile = _setting(
        "XERUS_TOOL_PROFILE",
        default=Profile.DEFAULT,
        help="`default` lists every tool; `lean` lists a few that discover and execute the others.",
    )


class AssistantSettings(Group):
    """The models behind the chat."""

    model: str | None = _setting(
        "XERUS_MODEL",
        help="The assistant's model: anthropic:NAME, openai:NAME or compatible:NAME. Unset: the first "
        "of XERUS_MODELS, else the demo model.",
    )
    models: Words = _setting(
        "XERUS_MODELS",
        default=(),
        help="Further models, named like XERUS_MODEL and separated by commas. With more than one in all "
        "the chat has a list to choose from, for each conversation; a new one begins with "
        "XERUS_MODEL, or with the first of these. Default: none.",
    )
    windows: Words = _setting(
        "XERUS_MODEL_WINDOWS",
        default=(),
        help="Tokens that a model reads and writes at once, as compatible:qwen3=32768, separated by "
        "commas. A conversation that takes three quarters of it is shortened for the model, by a "
        "summary. Default: what is known of the model, else 200000 for anthropic: and 128000.",
    )
    prices: ModelPrices = _setting(
        "XERUS_MODEL_PRICES",
        default=(),
        help="What models cost, in US dollars for a million tokens, separated by commas: MODEL=IN/OUT, "
        "or MODEL=IN/OUT/CACHED where tokens from the provider's cache cost otherwise, e.g. "
        "openai:gpt-5.5=1.25/10/0.125. Default: the list prices that come with this release, for "
        "models that are asked at Anthropic or OpenAI themselves; none for any other.",
    )
    tokens_per_day: Annotated[int, Field(ge=1)] | None = _setting(
        "XERUS_CHAT_TOKENS_PER_DAY",
        help="Tokens, in and out together, that the chat may use for one person in a day (UTC). Once "
        "they are used up, no further message is taken until the next day. Unset: no limit.",
    )
    anthropic_api_key: SecretStr | None = _setting(
        "ANTHROPIC_API_KEY", help="Key for anthropic: models."
    )
    openai_api_key: SecretStr | None = _setting("OPENAI_API_KEY", help="Key for openai: models.")
    anthropic_url: ModelUrl = _setting(
        "XERUS_ANTHROPIC_URL",
        default="https://api.anthropic.com",
        help="Where anthropic: models are asked, without /v1: Anthropic, or a gateway before it.",
    )
    openai_url: ModelUrl = _setting(
        "XERUS_OPENAI_URL",
        default="https://api.openai.com/v1",
        help="Where openai: models are asked, /v1 included: OpenAI, or a gateway before it.",
    )
    compatible_url: ModelUrl | None = _setting(
        "XERUS_MODEL_URL",
        help="The server of compatible: models, which speaks OpenAI's Chat Completions, /v1 included: "
        "e.g. http://localhost:11434/v1 for Ollama.",
    )
    compatible_api_key: SecretStr | None = _setting(
        "XERUS_MODEL_API_KEY",
        help="Key for compatible: models. Unset: none is sent.",
    )
    plain_http: bool = _setting(
        "XERUS_MODEL_PLAIN_HTTP",
        default=False,
        help="Ask models over plain http on other machines than this one. Keys, conversations and "
        "what tools read then cross that network unencrypted.",
    )
    messages_per_minute: Annotated[int, Field(ge=1)] = _setting(
        "XERUS_CHAT_MESSAGES_PER_MINUTE",
        default=60,
        help="Messages that one person may send in the chat in a minute; each costs what the model "
        "costs. Each process counts for itself.",
    )
    may_always_allow: bool = _setting(
        "XERUS_CHAT_ALWAYS_ALLOW",
        default=True,
        help="Let people allow a tool that changes something to run in the chat without being asked "
        "about, in one conversation or always; never one that deletes or does many things at once. "
        "Off: every change is asked about, whatever was allowed before.",
    )
    days: Annotated[int, Field(ge=1, le=36_500)] | None = _setting(
        "XERUS_CHAT_DAYS",
        help="Days without a new message after which the worker deletes a conversation with "
        "everything under it. Unset: kept until its person deletes it.",
    )


class SupportSettings(Group):
    """Whom people ask when Xerus does not help them any further."""

    contact: Contact | None = _setting(
        "XERUS_SUPPORT_CONTACT",
        help="Where people find help: an e-mail address, or the https URL of a help desk. Pages of "
        "trouble name it beside the reference. Unset: they say to ask the administrator.",
    )
    text: Annotated[str, Field(max_length=300)] | None = _setting(
        "XERUS_SUPPORT_TEXT",
        help="A sentence beside it, as of who answers and when. Unset: none.",
    )


class MailSettings(Group):
    """The server that takes e-mail of notices; without one there is none."""

    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$")] | None = _setting(
        "XERUS_SMTP_HOST", help="Server that takes mail. Unset: no mail is sent."
    )
    given_port: Annotated[int, Field(ge=1, le=65535)] | None = _setting(
        "XERUS_SMTP_PORT", help="Its port. Default: 587 for starttls, 465 for smtps, 25 for none."
    )
    tls: Literal["starttls", "smtps", "none"] = _setting(
        "XERUS_SMTP_TLS",
        default="starttls",
        help="How the way to it is encrypted; `none` only for a server on this machine.",
    )
    username: str | None = _setting(
        "XERUS_SMTP_USERNAME", help="Login at the server. Unset: none is asked for."
    )
    password: SecretStr | None = _setting(
        "XERUS_SMTP_PASSWORD", help="Password of that login. Unset: none."
    )
    sender: MailAddress | None = _setting(
        "XERUS_MAIL_FROM", help="Address that mail comes from. Unset: no mail is sent."
    )
    days: Annotated[int, Field(ge=1, le=365)] = _setting(
        "XERUS_MAIL_DAYS",
        default=7,
        help="Days that lie at least between two mails of one cause to one person.",
    )

    @property
    def port(self) -> int:
        """The port to connect to."""
        return self.given_port or {"starttls": 587, "smtps": 465, "none": 25}[self.tls]

    @property
    def configured(self) -> bool:
        """Whether mail can be sent."""
        return bool(self.host and self.sender)


class SandboxSettings(Group):
    """The simulated outside world of `xerus demo` and the tests."""

    atlassian_port: Annotated[int, Field(ge=1, le=65535)] = _setting(
        "XERUS_SANDBOX_ATLASSIAN_PORT", default=8010, help="Port of the simulated Atlassian."
    )
    entra_port: Annotated[int, Field(ge=1, le=65535)] = _setting(
        "XERUS_SANDBOX_ENTRA_PORT", default=8020, help="Port of the simulated Entra ID."
    )


class Settings(BaseModel):
    """All settings, in groups."""

    model_config = ConfigDict(frozen=True)

    server: ServerSettings
    mcp: McpSettings
    remotes: RemoteSettings
    database: DatabaseSettings
    vault: VaultSettings
    key_services: KeyServiceSettings
    audit: AuditSettings
    identity: IdentitySettings
    atlassian: AtlassianSettings
    jira: JiraSettings
    confluence: ConfluenceSettings
    tools: ToolSettings
    assistant: AssistantSettings
    support: SupportSettings
    mail: MailSettings
    sandbox: SandboxSettings

    @property
    def public_url(self) -> str:
        """The one base URL, without a trailing slash."""
        return self.server.public_url

    @property
    def identity_redirect_uri(self) -> str:
        """Where the identity provider sends people back to."""
        return self.identity.given_redirect_uri or f"{self.public_url}/oauth/callback"

    @property
    def atlassian_redirect_uri(self) -> str:
        """Where Atlassian sends people back to."""
        given = self.atlassian.given_redirect_uri
        return given or f"{self.public_url}/connections/atlassian/callback"

    @property
    def shared_credential(self) -> bool:
        """Whether the operator set a token for Jira or Confluence."""
        return bool(self.jira.token or self.confluence.token)

    @cached_property
    def credential_mode(self) -> Literal["user", "shared", "user-then-shared"]:
        """Whose credential a tool call uses."""
        if self.atlassian.credentials:
            return self.atlassian.credentials
        own = self.atlassian.configured or self.jira.oauth_client_id
        own = own or self.confluence.oauth_client_id
        return "shared" if self.shared_credential and not own else "user"


@dataclass(frozen=True, kw_only=True)
class Known:
    """One documented setting."""

    group: str
    field: str
    names: tuple[str, ...]
    description: str
    secret: bool
    default: str


def known() -> Iterator[Known]:
    """Yield every setting in the order of the groups."""
    for group, info in Settings.model_fields.items():
        model = group_class(info)
        for field, detail in model.model_fields.items():
            yield Known(
                group=group,
                field=field,
                names=names_of(detail),
                description=detail.description or "",
                secret="SecretStr" in str(detail.annotation),
                default=_shown(detail.default),
            )


def _shown(default: object) -> str:
    if default is None or default == ():
        return ""
    return str(default)


def names_of(detail: FieldInfo) -> tuple[str, ...]:
    """Return the names of a setting, the first one preferred."""
    assert isinstance(detail.validation_alias, AliasChoices)
    return tuple(str(choice) for choice in detail.validation_alias.choices)


def group_class(info: FieldInfo) -> type[Group]:
    """Return the class of one field of `Settings`."""
    assert isinstance(info.annotation, type)
    assert issubclass(info.annotation, Group)
    return info.annotation
