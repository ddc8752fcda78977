"""The providers that this program's service knows, by the settings that configure each."""

from bakong_schemes.bakong.adapter.settings import BakongSettings
from bakong_service.settings import ProviderSettings

KINDS: tuple[type[ProviderSettings], ...] = (BakongSettings,)
