"""The invented bank from the other side: a provider of the service."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx

from bakong_described.adapter.provider import provider as described
from bakong_schemes.generic.wire import BANK_OF_EXAMPLE
from bakong_service.ports import Provider


def provider(
    client: httpx.AsyncClient, credentials: Mapping[str, str], now_ms: Callable[[], int], **options: Any
) -> Provider:
    """The provider, asked through a client whose base is the bank's; options: see bakong_described.adapter.provider."""
    return described(client, BANK_OF_EXAMPLE, credentials, now_ms, **options)
