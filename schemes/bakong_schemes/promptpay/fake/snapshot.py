"""PromptPay's part of a snapshot: its rows, and what has to hold within it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from pydantic import ValidationError

from bakong_contracts.patterns import message
from bakong_schemes.promptpay import wire
from bakong_schemes.promptpay.fake.payees import Biller, Payees, Proxy
from bakong_schemes.promptpay.fake.slips import Issued, Slips
from bakong_schemes.promptpay.fake.state import PromptPayState
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.payments import Payment
from bakong_simulator.kernel.snapshot_checks import refuse, twice
from bakong_simulator.kernel.snapshot_document import Kept
from bakong_simulator.kernel.world import World


class KeptSlip(Kept):
    """at: the number of the payment's settlement."""

    bank: str
    ref: str
    reference: str
    at: int
    used_for: str | None


class KeptPromptPay(Kept):
    key: str
    accepts_unknown: bool
    proxies: list[Proxy]
    billers: list[Biller]
    slips: list[KeptSlip]

    @property
    def payees(self) -> list[Proxy | Biller]:
        return [*self.proxies, *self.billers]


def dump(state: PromptPayState) -> dict[str, Any]:
    """The state as JSON values."""
    rows = state.payees.rows.values()
    slips = state.slips
    return {
        "key": state.key,
        "accepts_unknown": state.payees.accepts_unknown,
        "proxies": [asdict(row) for row in rows if isinstance(row, Proxy)],
        "billers": [
            asdict(row) | {"known_by": None if row.known_by is None else list(row.known_by)}
            for row in rows
            if isinstance(row, Biller)
        ],
        "slips": [
            {
                "bank": slip.bank,
                "ref": slip.ref,
                "reference": slip.payment.reference,
                "at": slip.at,
                "used_for": slips.used.get(slip.key),
            }
            for slip in slips.rows.values()
        ],
    }


def load(data: Any, payments: Sequence[Payment]) -> Callable[[World], PromptPayState]:
    """What makes the state of a dump. Raises BodyError, before anything has changed."""
    try:
        kept = KeptPromptPay.model_validate(data)
    except ValidationError as error:
        rows = (f"{'.'.join(map(str, row['loc']))}: {message(row)}" for row in error.errors())
        raise BodyError("; ".join(rows)) from None
    by_reference = {payment.reference: payment for payment in payments}
    refuse([*_payees(kept), *_slips(kept, by_reference)])

    def make(_world: World) -> PromptPayState:
        payees = Payees({row.payee: row for row in kept.payees}, kept.accepts_unknown)
        state = PromptPayState(kept.key, payees, Slips())
        for row in kept.slips:
            state.slips.put(Issued(row.bank, row.ref, by_reference[row.reference], row.at))
            if row.used_for is not None:
                state.slips.use((row.bank, row.ref), row.used_for)
        return state

    return make


def _payees(kept: KeptPromptPay) -> Iterator[str]:
    rows = kept.payees
    yield from (f"payees: {payee} occurs twice" for payee in twice(row.payee for row in rows))
    for row in rows:
        asked = wire.read_reference(row.payee + (":X" if isinstance(row, Biller) else ""))
        if asked is None or (asked.kind == wire.BILLER) != isinstance(row, Biller):
            yield f"payees: read {row.payee!r}, expected such as 0800000475@mobile or 123456789012300@biller"


def _slips(kept: KeptPromptPay, payments: dict[str, Payment]) -> Iterator[str]:
    keys = twice(f"{row.bank}/{row.ref}" for row in kept.slips)
    yield from (f"slips: {key} occurs twice" for key in keys)
    named = {(row.reference, row.at) for row in kept.slips}
    good = {
        (payment.reference, at)
        for payment in payments.values()
        for at, settlement in enumerate(payment.settlements)
        if not settlement.failed
    }
    if len(named) != len(kept.slips):
        yield "slips: two are of one settlement"
    yield from (f"slips: settlement {at} of {reference} has none" for reference, at in sorted(good - named))
    yield from (f"slips: {reference} has no settlement {at} that went well" for reference, at in sorted(named - good))
