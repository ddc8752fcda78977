"""Its API from the other side: a provider for the service. It must not import the fake: no bug is to be shared."""

import hmac
from collections.abc import Mapping
from typing import Annotated, Any

import httpx
import orjson
from pydantic import Field, SecretStr

from bakong_schemes._template import wire
from bakong_service.domain.errors import ForgedEventError
from bakong_service.domain.handoff import Redirect
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Failed, NoAnswer, NotFound, Paid, Refunded, Report
from bakong_service.ports import Checkout, Created, Event, Polling, Provider
from bakong_service.provider_factory import ProviderFactory, Surroundings
from bakong_service.settings import ProviderSettings, weak_secret
from bakong_service.usecases.own_pace import OwnPace

LIFE_MS = 1_800_000
ACCOUNT = "template"


class TemplateSettings(ProviderSettings):
    """One field for each variable, in capitals."""

    template_base_url: Annotated[str, Field(pattern=r"^https?://[!-~]+$")] = f"https://{wire.HOST}"
    template_key: SecretStr
    template_webhook_secret: SecretStr
    template_timeout_ms: Annotated[int, Field(ge=1, le=60_000)] = 10_000

    def production_errors(self) -> list[str]:
        return weak_secret("TEMPLATE_KEY", self.template_key, "copy it from the provider's dashboard")

    def factory(self) -> ProviderFactory:
        secrets = (self.template_key.get_secret_value(), self.template_webhook_secret.get_secret_value())
        return ProviderFactory(name=wire.NAME, make=self._provider, secrets=secrets)

    def _provider(self, given: Surroundings) -> Provider:
        client = given.open_client(self.template_base_url, timeout_ms=self.template_timeout_ms)
        return provider(client, self.template_key.get_secret_value(), self.template_webhook_secret.get_secret_value())


def provider(client: httpx.AsyncClient, key: str, webhook_secret: str) -> Provider:
    """The provider, asked through a client; what it has no field for, it cannot."""
    api = _Api(client, key)

    async def read_event(headers: Mapping[str, str], body: bytes, /) -> Event:
        given = headers.get(wire.SIGNATURE, "")
        if not hmac.compare_digest(given.encode(), wire.signature(webhook_secret, body).encode()):
            raise ForgedEventError(f"{wire.SIGNATURE}: read {given[:80]!r}, expected the HMAC of the body")
        event = _object(body)
        reference = event and event.get("charge")
        return Event(reference if isinstance(reference, str) else None)

    return Provider(
        name=wire.NAME,
        currencies=frozenset({"THB", "USD"}),
        life_ms=LIFE_MS,
        create=api.create,
        polling=Polling(check=api.check, pace=OwnPace()),
        read_event=read_event,
    )


class _Api:
    """The calls; whatever goes wrong is a value."""

    def __init__(self, client: httpx.AsyncClient, key: str) -> None:
        self._client = client
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}

    async def create(self, checkout: Checkout, /) -> Created | NoAnswer:
        money = checkout.money
        asked = orjson.dumps({"amount": money.minor, "currency": money.currency})
        charge = await self._send("POST", "/charges", asked)
        if isinstance(charge, NoAnswer):
            return charge
        match charge:
            case {"id": str(reference), "pay_url": str(url)}:
                return Created(reference, ACCOUNT, Redirect(url))
        return NoAnswer("garbage", "a charge without id and pay_url")

    async def check(self, reference: str, /) -> Report:
        charge = await self._send("GET", f"/charges/{reference}")
        return charge if isinstance(charge, NoAnswer) else _report(reference, charge)

    async def _send(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any] | NoAnswer:
        """The object of an answer, or why there is none."""
        try:
            answer = await self._client.request(method, wire.PREFIX + path, content=body, headers=self._headers)
        except httpx.TimeoutException:
            return NoAnswer("timeout", path)
        except (httpx.HTTPError, OSError) as error:
            return NoAnswer("unreachable", type(error).__name__)
        if answer.status_code == wire.REFUSALS["not-found"].status:
            return {"status": "unknown"}
        if answer.status_code >= 400:
            return NoAnswer("refused", f"HTTP {answer.status_code}")
        charge = _object(answer.content[: wire.MAX_BODY])
        return NoAnswer("garbage", f"HTTP {answer.status_code}, no object") if charge is None else charge


def _report(reference: str, charge: Mapping[str, Any]) -> Report:
    """What a charge says, by wire.STATUSES; whatever it does not say clearly is no answer."""
    status = charge.get("status")
    if status in ("unknown", wire.STATUSES["unpaid"], wire.STATUSES["expired"]):
        return NotFound()
    if status == wire.STATUSES["failed"]:
        return Failed()
    match charge:
        case {"amount": int(minor), "currency": str(currency)} if charge.get("id") == reference:
            money = Money(minor, currency)
            if status == wire.STATUSES["paid"]:
                return Paid(reference, money, ACCOUNT)
            if status == wire.STATUSES["refunded"]:
                return Refunded(reference, money)
    return NoAnswer("garbage", f"a charge with status {status!r}")


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None
