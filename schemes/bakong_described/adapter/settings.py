"""The variables of a provider that a description makes: its file, its base URL, its credentials as a JSON object."""

import json
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from bakong_described.adapter.provider import provider
from bakong_described.description import Description
from bakong_described.reading import read
from bakong_service.ports import Provider
from bakong_service.provider_factory import ProviderFactory, Surroundings
from bakong_service.settings import ProviderSettings

HOW = 'a JSON object such as {"client_id": "..."}, with the credentials that the description names'


def credentials_of(text: str, description: Description) -> dict[str, str]:
    """The credentials in a JSON text. Raises ValueError, which never shows one."""
    try:
        read = json.loads(text)
    except ValueError:
        raise ValueError(f"not JSON, expected {HOW}") from None
    if not isinstance(read, dict) or not all(isinstance(value, str) for value in read.values()):
        raise ValueError(f"expected {HOW}")
    if lacking := [name for name in description.credentials if not read.get(name)]:
        raise ValueError(f"without {', '.join(lacking)}: expected {HOW}")
    return read


class DescribedSettings(ProviderSettings):
    """GENERIC_SCHEME_FILE and its kin: a provider by a file, for a team that has the contract."""

    generic_scheme_file: Path
    generic_base_url: Annotated[str, Field(pattern=r"^$|^https?://[!-~]+$")] = ""
    generic_credentials: Annotated[SecretStr, Field(validate_default=True)] = SecretStr("{}")
    generic_callback_url: Annotated[str, Field(pattern=r"^$|^https?://[!-~]+$")] = ""
    generic_timeout_ms: Annotated[int, Field(ge=1, le=60_000)] = 10_000

    @field_validator("generic_scheme_file")
    @classmethod
    def _is_described(cls, path: Path) -> Path:
        read(path)
        return path

    @field_validator("generic_credentials")
    @classmethod
    def _are_complete(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if path := info.data.get("generic_scheme_file"):
            credentials_of(value.get_secret_value(), read(path))
        return value

    def factory(self) -> ProviderFactory:
        description = read(self.generic_scheme_file)
        credentials = credentials_of(self.generic_credentials.get_secret_value(), description)

        def make(given: Surroundings) -> Provider:
            base_url = self.generic_base_url or description.base_url
            client = given.open_client(base_url, timeout_ms=self.generic_timeout_ms)
            return provider(client, description, credentials, given.now_ms, callback_url=self.generic_callback_url)

        return ProviderFactory(name=description.name, make=make, secrets=tuple(credentials.values()))
