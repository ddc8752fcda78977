"""Bakong's part of a snapshot: its rows, what has to hold within it; and documents of version 1, all of Bakong."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, cast

from pydantic import ValidationError

from bakong_contracts.patterns import message
from bakong_schemes.bakong.fake.limits import Limits
from bakong_schemes.bakong.fake.registrations import Mail
from bakong_schemes.bakong.fake.state import BakongState
from bakong_schemes.bakong.fake.tokens import Registration
from bakong_schemes.bakong.fake.transactions import REVERSED, Receipt
from bakong_schemes.bakong.wire import PROFILES
from bakong_simulator.kernel.clock import MAX_MS
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.payments import Payment
from bakong_simulator.kernel.snapshot_checks import MAX_NUMBER, refuse, twice
from bakong_simulator.kernel.snapshot_document import VERSION, Count, Kept, Ms

OWN = ("hash", "acknowledged_ms", "external_ref", "instruction_ref", "receiver_bank", "receiver_bank_account")
WORLDS_OWN = ("profile", "limits", "registrations", "codes", "tokens", "outbox", "days")  # beside the kernel's, once


class KeptToken(Kept):
    token: str
    email: str
    expires_ms: Count
    revoked: bool
    good_for: Literal["any", "sit", "prod", "relay"] = "any"


class KeptReceipt(Kept):
    """What a receipt has beside its settlement."""

    hash: str
    acknowledged_ms: Ms
    external_ref: str
    instruction_ref: str
    receiver_bank: str
    receiver_bank_account: str
    tracking_status: str


class KeptBakong(Kept):
    """receipts: by md5, one for each settlement of its payment."""

    profile: Literal["current", "doc-1.0.2", "sit", "prod", "relay"]
    by_host: bool = True
    limits: Limits
    registrations: dict[str, str]
    codes: dict[str, str]
    tokens: list[KeptToken]
    outbox: list[Mail]
    days: dict[str, tuple[Count, Count]]
    receipts: dict[str, list[KeptReceipt]]


def dump(state: BakongState) -> dict[str, Any]:
    """The state as JSON values."""
    registrations = state.registrations
    kept = KeptBakong(
        profile=cast(Any, state.profile.name),
        by_host=state.by_host,
        limits=state.limits,
        registrations=dict(registrations.ids),
        codes=dict(registrations.codes),
        tokens=[KeptToken(token=token, **row._asdict()) for token, row in registrations.tokens.items()],
        outbox=list(registrations.outbox),
        days=dict(state.meter.days),
        receipts={md5: [_kept(receipt) for receipt in kept.rows] for md5, kept in state.receipts.items()},
    )
    return kept.model_dump(mode="json")


def _kept(receipt: Receipt) -> KeptReceipt:
    return KeptReceipt(tracking_status=receipt.tracking_status, **{name: getattr(receipt, name) for name in OWN})


def load(data: Any, payments: Sequence[Payment]) -> Callable[[BakongState], None]:
    """What lets a state be as the dump says. Raises BodyError, before anything has changed."""
    try:
        kept = KeptBakong.model_validate(data)
    except ValidationError as error:
        rows = (f"{'.'.join(map(str, row['loc']))}: {message(row)}" for row in error.errors())
        raise BodyError("; ".join(rows)) from None
    refuse([complaint for rule in (_tokens, _limits, _hashes) for complaint in rule(kept)])
    refuse(list(_unsettled(kept, payments)))

    def restore(state: BakongState) -> None:
        state.profile, state.by_host, state.limits = PROFILES[kept.profile], kept.by_host, kept.limits
        state.meter.days.update(kept.days)
        _restore_registrations(state, kept)
        for payment in payments:
            if rows := kept.receipts.get(payment.reference):
                pairs = zip(payment.settlements, rows, strict=True)
                state.put_receipts(payment, [Receipt(settlement, **dict(row)) for settlement, row in pairs])

    return restore


def _restore_registrations(state: BakongState, kept: KeptBakong) -> None:
    registrations = state.registrations
    registrations.ids = dict(kept.registrations)
    registrations.codes = dict(kept.codes)
    registrations.outbox = deque(kept.outbox, maxlen=registrations.outbox.maxlen)
    for row in kept.tokens:
        registrations.put(row.token, Registration(row.email, row.expires_ms, row.revoked, row.good_for))


# What has to hold


def _tokens(kept: KeptBakong) -> Iterator[str]:
    yield from (f"tokens: {token!r} occurs twice" for token in twice(row.token for row in kept.tokens))
    emails = sorted({row.email for row in kept.tokens} - kept.registrations.keys())
    yield from (f"tokens: {email!r} has one and is not in registrations" for email in emails)


def _limits(kept: KeptBakong) -> Iterator[str]:
    for name in ("quota", "calls_per_minute"):
        limit = getattr(kept.limits, name)
        if limit is not None and not 0 <= limit <= MAX_NUMBER:
            yield f"limits.{name} is {limit}, expected null or a count"
    yield from (f"outbox: at_ms is {mail.at_ms}" for mail in kept.outbox if not 0 <= mail.at_ms <= MAX_MS)


def _hashes(kept: KeptBakong) -> Iterator[str]:
    hashes = twice(receipt.hash for rows in kept.receipts.values() for receipt in rows)
    yield from (f"receipts: the hash {hash_} occurs twice" for hash_ in hashes)


def _unsettled(kept: KeptBakong, payments: Sequence[Payment]) -> Iterator[str]:
    settled = {payment.reference: len(payment.settlements) for payment in payments}
    for md5 in sorted({*settled, *kept.receipts}):
        receipts, settlements = len(kept.receipts.get(md5, ())), settled.get(md5, 0)
        if receipts != settlements:
            yield f"receipts: {md5} has {receipts}, and its payment {settlements} settlements"


# Version 1: one scheme, whose facts were among the world's, and its receipts in the payments


def upgrade(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A document of version 1 as one of version 2. Raises BodyError for what has not its form."""
    try:
        return _upgraded(document, name)
    except KeyError as error:
        raise BodyError(f"no snapshot of version 1 or {VERSION}: {error} is missing") from None
    except (AttributeError, TypeError, ValueError) as error:
        raise BodyError(f"no snapshot of version 1 or {VERSION}: {error}") from None


def _upgraded(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    if document.get("version", 1) != 1:
        raise ValueError(f"version is {document['version']!r}")
    rows = [*document["payments"], *document["strangers"]]
    receipts = {row["md5"]: [_receipt(paid) for paid in row["receipts"]] for row in rows if row["receipts"]}
    kernels = {key: value for key, value in document.items() if key not in (*WORLDS_OWN, "payments", "strangers")}
    return {
        **kernels,
        "version": 2,
        "accounts": [_account(row) for row in document["accounts"]],
        "calls": [[name, endpoint, count] for endpoint, count in document["calls"].items()],
        "payments": [_payment(row, name) for row in document["payments"]],
        "unclaimed": [_payment(row, name) for row in document["strangers"]],
        "schemes": {name: {key: document[key] for key in WORLDS_OWN} | {"receipts": receipts}},
    }


def _account(row: Mapping[str, Any]) -> dict[str, Any]:
    balances = {currency: row[currency] for currency in ("KHR", "USD")}
    return {key: value for key, value in row.items() if key not in balances} | {"balances": balances}


def _payment(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    pending = row["pending"]
    same = {key: value for key, value in row.items() if key not in ("md5", "qr", "receipts")}
    return same | {
        "scheme": name,
        "reference": row["md5"],
        "code": row["qr"],
        "order": None if row["order"] is None else _order(row["order"]),
        "pending": None if pending is None else dict(pending) | {"order": _order(pending["order"])},
        "settlements": [_settlement(paid) for paid in row["receipts"]],
    }


def _order(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "md5"} | {"reference": row["md5"]}


def _settlement(row: Mapping[str, Any]) -> dict[str, Any]:
    same = {key: row[key] for key in ("from_account", "to_account", "currency", "minor", "failed")}
    return same | {"at_ms": row["created_ms"], "returned": row["tracking_status"] == REVERSED}


def _receipt(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in (*OWN, "tracking_status")}
