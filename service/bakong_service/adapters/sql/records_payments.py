"""Payments, their history and their receipts, in their tables."""

from collections.abc import Callable, Sequence
from typing import Any

import orjson
from sqlalchemy import Row, func, select, update

from bakong_contracts.money import exponent
from bakong_contracts.service_api import PaymentStatus, Plan, Priority
from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.prepared import Bound, Statement, Value, prepared
from bakong_service.adapters.sql.rows import Rows, Seal
from bakong_service.adapters.sql.stored import DamagedError, checked
from bakong_service.domain.callbacks import receiving_host
from bakong_service.domain.handoff import ClientSecret, Code, Handoff, Redirect
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Payment, Purpose, Receipt

_DROPPABLE = (
    PaymentStatus.EXPIRED.value,
    PaymentStatus.FAILED.value,
    PaymentStatus.CANCELLED.value,
)  # whose code retention drops
PAYMENTS, RECEIPTS = "payment_transactions", "payment_receipts"
_PAYMENTS, _P = t.payment_transactions, t.payment_transactions.c

_by_id = prepared(lambda payment_id: select(_PAYMENTS).where(_P.id == payment_id))
_by_md5 = prepared(lambda md5: select(_PAYMENTS).where(_P.md5 == md5))
_by_md5s = prepared(lambda md5s: select(_PAYMENTS).where(_P.md5.in_(md5s)))
_known_md5s = prepared(lambda provider, md5s: select(_P.md5).where(_P.md5.in_(md5s), _P.provider == provider))
_held = prepared(lambda ids: select(_PAYMENTS).where(_P.id.in_(ids)).order_by(_P.id).with_for_update())
_status = prepared(lambda payment_id: select(_P.status).where(_P.id == payment_id))
_change = prepared(lambda payment_id, values: update(_PAYMENTS).where(_P.id == payment_id).values(values))
_count = prepared(lambda user_id: select(func.count()).where(_P.user_id == user_id))


@prepared
def _made(payment_id: Value, values: Value) -> Statement:
    """What the provider has not made yet."""
    return update(_PAYMENTS).where(_P.id == payment_id, _P.reference == "").values({**values, "leased_until_ms": None})


@prepared
def _by_reference(provider: Value, reference: Value) -> Statement:
    return select(_PAYMENTS).where(t.REFERRED, _P.provider == provider, _P.reference == reference)


@prepared
def _open(user_id: Value, purpose: Value, *, is_plan: bool) -> Statement:
    theirs = select(_PAYMENTS).where(_P.user_id == user_id, _P.purpose == purpose)
    return theirs.where(t.OPEN if is_plan else t.OPEN_CHANGE).limit(1)


@prepared
def _waiting(user_id: Value) -> Statement:
    return select(_PAYMENTS).where(_P.user_id == user_id, t.WAITING_RENEWAL).order_by(_P.paid_ms, _P.id).limit(1)


@prepared
def _move(payment_id: Value, expected: Value, values: Value) -> Statement:
    return update(_PAYMENTS).where(_P.id == payment_id, _P.status == expected).values(values)


@prepared
def _flag(payment_id: Value, flag: Value, at_ms: Value) -> Statement:
    differs = update(_PAYMENTS).where(_P.id == payment_id, _P.flag.is_distinct_from(flag))
    return differs.values(flag=flag, updated_ms=at_ms)


@prepared
def _replace(payment_id: Value, at_ms: Value) -> Statement:
    return update(_PAYMENTS).where(_P.id == payment_id, _P.replaced_ms.is_(None)).values(replaced_ms=at_ms)


@prepared
def _of_user(user_id: Value, limit: Value, offset: Value) -> Statement:
    theirs = select(_PAYMENTS).where(_P.user_id == user_id).order_by(_P.created_ms.desc(), _P.id.desc())
    return theirs.limit(limit).offset(offset)


class PaymentRows(Rows):
    """See bakong_service.ports.PaymentRecords."""

    def add_payment(self, payment: Payment, next_poll_ms: int) -> bool:
        """False where the bill number or the md5 is taken, or the user has such a change open."""
        row = _payment_row(payment, self._seal) | {"next_poll_ms": next_poll_ms}
        if not self._insert_once(t.payment_transactions, row):
            return False
        self._history(payment.id, None, payment.status, "created", payment.created_ms)
        return True

    def made_payment(self, payment: Payment, next_poll_ms: int) -> bool:
        """Store what the provider has made of a payment that was written first; False where it has been before.

        Also of one that has ended meanwhile: whoever has its page may still pay.
        """
        row = _payment_row(payment, self._seal)
        values = {name: row[name] for name in ("account_id", "md5", "qr", "short_link", "reference")}
        polled = {"next_poll_ms": next_poll_ms, "updated_ms": payment.updated_ms}
        return bool(self._run(_made(payment.id, values | polled)).rowcount == 1)

    def extend_payment(self, payment_id: str, expires_ms: int) -> None:
        """Let it be waited for longer: what was asked of its provider has no outcome yet."""
        self._run(_change(payment_id, {"expires_ms": expires_ms}))

    def payment_by_id(self, payment_id: str) -> Payment | None:
        return self._payment(_by_id(payment_id))

    def payment_by_md5(self, md5: str) -> Payment | None:
        return self._payment(_by_md5(md5))

    def payments_by_md5(self, md5s: Sequence[str]) -> list[Payment]:
        """Those that can be read."""
        return self._payments(self._rows(_by_md5s(list(md5s))))

    def known_md5s(self, provider: str, md5s: Sequence[str]) -> set[str]:
        """Those that belong to a payment of the provider, whether it can be read or not."""
        return set(self._run(_known_md5s(provider, list(md5s))).scalars())

    def payment_by_reference(self, provider: str, reference: str) -> Payment | None:
        """The payment that a provider knows by this reference."""
        return self._payment(_by_reference(provider, reference))

    def payments_by_id(self, payment_ids: Sequence[str]) -> list[Payment]:
        """In the order of their ids; held until the transaction ends, where the database can."""
        return self._payments(self._rows(_held(list(payment_ids))))

    def open_payment(self, user_id: str, purpose: Purpose) -> Payment | None:
        """The user's payment for a purpose that is not yet decided, and whose place no other has taken."""
        return self._payment(_open(user_id, purpose.value, is_plan=purpose is Purpose.PLAN))

    def waiting_payment(self, user_id: str) -> Payment | None:
        """The oldest renewal that was paid and bought nothing yet."""
        return self._payment(_waiting(user_id))

    def change_payment(self, payment: Payment, expected: PaymentStatus, why: str) -> bool:
        """Store the new state where the stored one is still the expected; of many that try, one succeeds."""
        values = {name: getattr(payment, name) for name in ("late", "paid_ms", "hash", "updated_ms")}
        values["status"] = payment.status.value
        if self._run(_move(payment.id, expected.value, values)).rowcount != 1:
            return False
        self._history(payment.id, expected, payment.status, why, payment.updated_ms)
        return True

    def flag_payment(self, payment_id: str, flag: str | None, why: str, at_ms: int) -> bool:
        """Set or clear the flag, with a history row; False, and nothing is written, where it stands so already."""
        changed = bool(self._run(_flag(payment_id, flag, at_ms)).rowcount)
        if changed:
            status = PaymentStatus(self._run(_status(payment_id)).scalar_one())
            self._history(payment_id, status, status, why, at_ms)
        return changed

    def replace_payment(self, payment_id: str, at_ms: int) -> bool:
        """Let another open change of its user be stored beside it; False where that was so before."""
        return bool(self._run(_replace(payment_id, at_ms)).rowcount)

    def prioritize(self, payment_id: str, priority: Priority) -> None:
        self._run(_change(payment_id, {"priority": priority.value}))

    def add_receipt(self, receipt: Receipt) -> bool:
        """False where this transaction was recorded for this payment before."""
        row_id = f"{receipt.payment_id}/{receipt.hash[:64]}"
        return self._insert_once(
            t.payment_receipts,
            {
                "payment_id": receipt.payment_id,
                "hash": receipt.hash[:64],
                "verdict": receipt.verdict,
                "amount_minor": None if receipt.money is None else receipt.money.minor,
                "currency": None if receipt.money is None else receipt.money.currency,
                "to_account": self._seal.seal(receipt.to_account, RECEIPTS, "to_account", row_id),
                "raw": self._seal.seal(receipt.raw.decode("latin-1"), RECEIPTS, "raw", row_id).encode("latin-1"),
                "at_ms": receipt.at_ms,
            },
        )

    def user_payments(self, user_id: str, limit: int, offset: int) -> list[Payment]:
        """Those that can be read, newest first."""
        return self._payments(self._rows(_of_user(user_id, limit, offset)))

    def count_user_payments(self, user_id: str) -> int:
        return int(self._run(_count(user_id)).scalar_one())

    def _payment(self, statement: Bound) -> Payment | None:
        return self._first("payment", statement, lambda row: payment_of(row, self._seal))

    def _payments(self, rows: Sequence[Row[Any]]) -> list[Payment]:
        return self._readable("payment", rows, lambda row: payment_of(row, self._seal))

    def _history(self, payment_id: str, old: PaymentStatus | None, new: PaymentStatus, why: str, at_ms: int) -> None:
        self._insert(
            t.payment_status_history,
            {
                "payment_id": payment_id,
                "from_status": None if old is None else old.value,
                "to_status": new.value,
                "why": why[:200],
                "at_ms": at_ms,
            },
        )


def _payment_row(payment: Payment, seal: Seal) -> dict[str, Any]:
    """The row: what names the account is sealed together in `qr`; `account_id` keeps its bank alone."""
    private = orjson.dumps([payment.account_id, *_HANDED[type(payment.handoff)](payment.handoff)]).decode()
    return {
        "id": payment.id,
        "user_id": payment.user_id,
        "plan": "" if payment.plan is None else payment.plan.value,
        "amount_minor": payment.money.minor,
        "currency": payment.money.currency,
        "account_id": "***@" + payment.account_id.partition("@")[2],
        "bill_number": payment.bill_number,
        "md5": payment.md5 or payment.id.removeprefix("pay_").replace("-", ""),
        "qr": seal.seal(private, PAYMENTS, "qr", payment.id),
        "deep_link": "",
        "short_link": payment.code.short_link,
        "callback": payment.callback,
        "status": payment.status.value,
        "late": payment.late,
        "flag": payment.flag,
        "created_ms": payment.created_ms,
        "expires_ms": payment.expires_ms,
        "updated_ms": payment.updated_ms,
        "paid_ms": payment.paid_ms,
        "purpose": payment.purpose.value,
        "bill_ms": payment.bill_ms,
        "priority": payment.priority.value,
        "hash": payment.hash,
        "provider": payment.provider,
        "reference": payment.reference,
    }


def payment_of(row: Row[Any], seal: Seal) -> Payment:
    """The payment of a whole row. Raises whatever is wrong with the row."""
    checked(row, t.payment_transactions)
    exponent(row.currency)
    receiving_host(row.callback)
    account_id, handoff = _private(row, seal)
    purpose = Purpose(row.purpose)
    return Payment(
        id=row.id,
        user_id=row.user_id,
        plan=Plan(row.plan) if purpose.sells_plan else None,
        money=Money(row.amount_minor, row.currency),
        account_id=account_id,
        bill_number=row.bill_number,
        provider=row.provider,
        reference=row.reference or (row.md5 if purpose.sells_plan else ""),
        handoff=handoff,
        callback=row.callback,
        status=PaymentStatus(row.status),
        late=bool(row.late),
        flag=row.flag,
        created_ms=row.created_ms,
        expires_ms=row.expires_ms,
        updated_ms=row.updated_ms,
        paid_ms=row.paid_ms,
        purpose=purpose,
        bill_ms=row.bill_ms,
        priority=Priority(row.priority),
        hash=row.hash,
    )


def _private(row: Row[Any], seal: Seal) -> tuple[str, Handoff]:
    """Account and hand-off; of a row from before sealing, as they stand; without the code once it is dropped."""
    if not row.qr:
        if row.status not in _DROPPABLE:
            raise DamagedError("qr is empty")
        return row.account_id, Code("")
    if row.deep_link:
        if row.qr.startswith("v1."):
            raise DamagedError("deep_link stands beside a sealed code")
        return row.account_id, Code(row.qr, row.deep_link, row.short_link)
    account_id, first, *rest = orjson.loads(seal.open(row.qr, PAYMENTS, "qr", row.id))
    handoff = Code(first, rest[0], row.short_link) if isinstance(first, str) else _other_handoff(first)
    if not isinstance(account_id, str):
        raise DamagedError("qr holds no account")
    return account_id, handoff


def _other_handoff(sealed: dict[str, str]) -> Handoff:
    ((kind, text),) = sealed.items()
    return _KINDS[kind](text)


# What is sealed of each kind of hand-off: a code's text and link as they always were, of others the kind and its text.
_HANDED: dict[type, Callable[[Any], list[Any]]] = {
    Code: lambda code: [code.text, code.deep_link],
    Redirect: lambda redirect: [{"redirect": redirect.url}],
    ClientSecret: lambda client: [{"client_secret": client.secret}],
}
_KINDS: dict[str, Callable[[str], Handoff]] = {"redirect": Redirect, "client_secret": ClientSecret}
