"""The key management service of the settings, with its credentials and its own way out."""

from pathlib import Path
from typing import Literal, assert_never
from urllib.parse import urlsplit

from pydantic import SecretStr

from xerus.clock import SystemClock
from xerus.egress.client import Egress
from xerus.errors import NotConfigured
from xerus.keys.kms.aws import AwsKms, CredentialSource
from xerus.keys.kms.aws_identity import GivenAccessKey, WebIdentity
from xerus.keys.kms.azure import AzureKeyVault
from xerus.keys.kms.calls import Calls, Patience
from xerus.keys.kms.entra_identity import EntraApplication, by_assertion, by_secret
from xerus.keys.kms.envelope import KeyService
from xerus.keys.kms.google import GoogleKms
from xerus.keys.kms.google_identity import GoogleServiceAccount, read_service_account
from xerus.keys.kms.sigv4 import AwsCredentials
from xerus.keys.kms.tokens import Renewed
from xerus.keys.kms.vault_transit import VaultTransit
from xerus.settings.groups import KeyServiceSettings
from xerus.settings.key_providers import ProviderName
from xerus.settings.values import LOOPBACK_HOSTS
from xerus.telemetry.logs import logger

log = logger(__name__)

_AWS_DOMAINS = {
    "aws-cn": "amazonaws.com.cn",
    "aws-eusc": "amazonaws.eu",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
}


def connect(
    services: KeyServiceSettings, name: ProviderName, patience: Patience
) -> tuple[KeyService, tuple[Egress, ...]]:
    """Return the service that `name` names, and the ways out that have to be closed.

    Raises:
        NotConfigured: a credential cannot be read.
    """
    match name.kind:
        case "vault-transit":
            return _vault_transit(services, name, patience)
        case "aws-kms":
            return _aws_kms(services, name, patience)
        case "azure-key-vault":
            return _azure_key_vault(services, name, patience)
        case "google-kms":
            return _google_kms(services, name, patience)
        case "file":
            raise AssertionError("no service")
    assert_never(name.kind)


def _vault_transit(
    services: KeyServiceSettings, name: ProviderName, patience: Patience
) -> tuple[KeyService, tuple[Egress, ...]]:
    address = services.vault_addr or ""
    egress = Egress(allowed_origins=[address])
    service = VaultTransit(
        Calls(egress, title="Vault", patience=patience),
        address=address,
        mount=name.parts["mount"],
        key=name.parts["key"],
        token=lambda: _kept(services.vault_token_file, services.vault_token),
        namespace=services.vault_namespace or "",
    )
    return service, (egress,)


def _aws_kms(
    services: KeyServiceSettings, name: ProviderName, patience: Patience
) -> tuple[KeyService, tuple[Egress, ...]]:
    kms = services.aws_endpoint_url_kms or _aws_endpoint("kms", name)
    egress = Egress(allowed_origins=[kms])
    credentials, ways = _aws_credentials(services, name, patience)
    service = AwsKms(
        Calls(egress, title="AWS KMS", patience=patience),
        endpoint=kms,
        region=name.parts["region"],
        arn=name.key,
        credentials=credentials,
        now=SystemClock().now,
    )
    return service, (egress, *ways)


def _aws_credentials(
    services: KeyServiceSettings, name: ProviderName, patience: Patience
) -> tuple[CredentialSource, tuple[Egress, ...]]:
    if services.aws_access_key_id:
        given = AwsCredentials(
            access_key_id=services.aws_access_key_id,
            secret_access_key=services.aws_secret_access_key or SecretStr(""),
            session_token=services.aws_session_token,
        )
        return GivenAccessKey(given), ()
    sts = services.aws_endpoint_url_sts or _aws_endpoint("sts", name)
    egress = Egress(allowed_origins=[sts])
    identity = WebIdentity(
        Calls(egress, title="AWS STS", patience=patience),
        endpoint=sts,
        role_arn=services.aws_role_arn or "",
        session_name=services.aws_role_session_name,
        token=lambda: _kept(services.aws_web_identity_token_file),
        now=SystemClock().now,
    )
    return Renewed(identity.fetch), (egress,)


def _aws_endpoint(service: Literal["kms", "sts"], name: ProviderName) -> str:
    domain = _AWS_DOMAINS.get(name.parts["partition"], "amazonaws.com")
    return f"https://{service}.{name.parts['region']}.{domain}"


def _azure_key_vault(
    services: KeyServiceSettings, name: ProviderName, patience: Patience
) -> tuple[KeyService, tuple[Egress, ...]]:
    vault, authority = name.parts["vault"], services.azure_authority_host
    here, there = Egress(allowed_origins=[vault]), Egress(allowed_origins=[authority])
    secret, file = services.azure_client_secret, services.azure_federated_token_file
    application = EntraApplication(
        Calls(there, title="Entra ID", patience=patience),
        authority=authority,
        tenant_id=services.azure_tenant_id or "",
        client_id=services.azure_client_id or "",
        proof=lambda: by_secret(secret) if secret else by_assertion(_kept(file)),
        scope=_azure_scope(vault),
    )
    service = AzureKeyVault(
        Calls(here, title="Azure Key Vault", patience=patience),
        vault=vault,
        key=name.parts["name"],
        version=name.parts["version"],
        token=Renewed(application.fetch),
    )
    return service, (here, there)


def _azure_scope(vault: str) -> str:
    """Return the resource that a vault belongs to: its domain, without the vault's own name."""
    host = urlsplit(vault).hostname or ""
    domain = "vault.azure.net" if host in LOOPBACK_HOSTS else host.partition(".")[2]
    return f"https://{domain}/.default"


def _google_kms(
    services: KeyServiceSettings, name: ProviderName, patience: Patience
) -> tuple[KeyService, tuple[Egress, ...]]:
    account = read_service_account(services.google_application_credentials or Path())
    endpoint = services.google_kms_endpoint
    here, there = Egress(allowed_origins=[endpoint]), Egress(allowed_origins=[account.token_uri])
    source = GoogleServiceAccount(
        Calls(there, title="Google's token endpoint", patience=patience),
        account=account,
        now=SystemClock().now,
    )
    service = GoogleKms(
        Calls(here, title="Google Cloud KMS", patience=patience),
        endpoint=endpoint,
        name=name.key,
        token=Renewed(source.fetch),
    )
    return service, (here, there)


def _kept(path: Path | None, otherwise: SecretStr | None = None) -> SecretStr:
    """Return what a file holds now, `otherwise` where there is none or it cannot be read.

    Raises:
        NotConfigured: it cannot be read, and nothing is there otherwise.
    """
    if path is None:
        return otherwise or SecretStr("")
    try:
        return SecretStr(path.read_text().strip())
    except (OSError, UnicodeDecodeError) as error:
        if otherwise is None:
            raise NotConfigured(
                f"The file {path} cannot be read.",
                hint="It holds the credential for the key provider: let Xerus read it.",
            ) from error
        log.warning("credential_file_not_read", file=str(path))
        return otherwise
