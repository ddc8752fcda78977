"""Bakong as the service's core sees it: a KHQR code is made here, and whether it was paid is asked there."""

from dataclasses import dataclass
from urllib.parse import quote

import khqr
from bakong_schemes.bakong.adapter.client import CURRENCIES, HttpBakong
from bakong_schemes.bakong.adapter.pace import BakongPace
from bakong_schemes.bakong.adapter.planning import LIFE_MS, LIST_LIMIT
from bakong_service.domain.handoff import Code
from bakong_service.ports import Checkout, Create, Created, Polling, Provider

NAME = "bakong"
LEASE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """Who is paid, as the codes say it."""

    account_id: str
    name: str
    city: str
    phone_number: str | None = None


def provider(
    client: HttpBakong,
    merchant: Merchant,
    *,
    daily_calls: int | None = None,
    short_links: bool = False,
    lease_ms: int = LEASE_MS,
) -> Provider:
    """Bakong, asked through a client; it pushes nothing, and takes nothing back."""
    return Provider(
        name=NAME,
        currencies=CURRENCIES,
        life_ms=LIFE_MS,
        create=_create(client, merchant, short_links=short_links),
        polling=Polling(
            check=client.check,
            check_many=client.check_many,
            batch=LIST_LIMIT,
            pace=BakongPace(daily_calls),
            lease_ms=lease_ms,
        ),
    )


def _create(client: HttpBakong, merchant: Merchant, *, short_links: bool) -> Create:
    async def create(checkout: Checkout, /) -> Created:
        code = khqr.encode(
            khqr.Individual(
                bakong_account_id=merchant.account_id,
                merchant_name=merchant.name,
                merchant_city=merchant.city,
                currency=khqr.Currency[checkout.money.currency],
                amount=checkout.money.text,
                bill_number=checkout.bill_number,
                mobile_number=merchant.phone_number,
                expiration_timestamp=_thirteen_digits(checkout.expires_ms),
            ),
            now=_thirteen_digits(checkout.created_ms),
        )
        short_link = await client.short_link(code.qr) if short_links else None
        deep_link = f"bakong://qr?qr={quote(code.qr, safe='')}"
        return Created(code.md5, merchant.account_id, Code(code.qr, deep_link, short_link))

    return create


def _thirteen_digits(at_ms: int) -> str:
    """A moment as a KHQR has it, also one before September 2001."""
    return f"{at_ms:013d}"
