"""Each law is broken once, on purpose, and the checks of tests/service/escrow/books.py or a plain question see it."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import delete

from bakong_service.adapters.sql import tables
from bakong_service.adapters.sql.records_escrow import EscrowRows
from bakong_service.api import routes_escrow
from bakong_service.domain import escrow_book
from bakong_service.domain.errors import EscrowError
from bakong_service.domain.escrow_book import Account, Book, EscrowState, Line, PaymentState
from bakong_service.domain.escrow_numbers import HOLD_MS, page_meta
from bakong_service.domain.escrow_roles import Actor
from bakong_service.usecases.escrow import concluding, jobs, outcome, paying, refunding, releasing, tending
from tests.service.escrow.books import Laws, everything
from tests.service.escrow.care import ADMIN, MINUTE_MS, STRANGER, open_care
from tests.service.escrow.gateways import AFTER, BEFORE, REFUSE

real_add = EscrowRows.add_entry_of_escrow
real_open, real_fail, real_split, real_release = (
    escrow_book.open_refund,
    escrow_book.fail_refund,
    escrow_book.split,
    escrow_book.release,
)


async def refunds_twice(care):
    payment = await care.paid()
    await asyncio.gather(care.refund(payment, 10000), care.refund(payment, 10000))
    return payment


async def refunds_and_releases(care):
    payment = await care.paid(amount=0.3)
    await care.refund(payment, 0.1)
    await care.settled()
    await care.refund(payment, 0.1)
    await care.settled()
    await care.release(payment)
    return payment


async def refund_fails(care):
    payment = await care.paid()
    care.bkash.faults["refund"].append(REFUSE)
    await care.refund(payment, 5000)
    await care.settled()
    return payment


async def pays_twice(care):
    payment = await care.made(method="NAGAD")
    references = [await care.attempt(payment) for _ in range(2)]
    for reference in references:
        care.nagad.approve(reference)
        await care.conclude(payment, reference)
    return payment


async def executes_twice(care):
    payment = await care.made()
    reference = await care.attempt(payment)
    care.bkash.approve(reference)
    care.bkash.naive = True
    await asyncio.gather(*(care.conclude(payment, reference) for _ in range(3)))
    return payment


async def releases_beside_a_refund(care):
    payment = await care.paid()
    care.bkash.faults["refund"].append(BEFORE)
    care.bkash.faults["list"].extend([BEFORE] * 3)
    await care.refund(payment, 5000)
    await care.settled()
    await care.release(payment)
    return payment


async def release_falls_due(care):
    payment = await care.paid()
    await care.job(status="COMPLETED")
    care.bkash.faults["refund"].append(BEFORE)
    await care.clock.advance(HOLD_MS - 1)
    await care.refund(payment, 5000)
    await care.clock.advance(60_000)
    return payment


async def pays_late(care):
    payment = await care.made(method="NAGAD")
    reference = await care.attempt(payment)
    await care.clock.advance(15 * MINUTE_MS)
    care.nagad.approve(reference)
    await care.clock.advance(60 * MINUTE_MS)
    return payment


async def loses_an_answer(care):
    payment = await care.paid()
    care.bkash.faults["refund"].append(AFTER)
    await care.refund(payment, 5000)
    await care.clock.advance(60_000)
    return payment


async def expires(care):
    payment = await care.made()
    await care.clock.advance(15 * MINUTE_MS)
    answer = await care.attempt(payment, raw=True)
    assert answer.status_code == 409, "law 12: payable at its end"
    return payment


async def repeats_a_webhook(care):
    payment = await care.made(method="NAGAD")
    reference = await care.attempt(payment)
    before = care.nagad.count("check")
    for _ in range(2):
        await care.webhook(payment)
    assert reference
    assert care.nagad.count("check") <= before + 1, "law 10"
    return payment


async def a_stranger_asks(care):
    payment = await care.paid()
    answer = await care.call("GET", f"/api/payments/{payment['id']}", by=STRANGER)
    assert answer.status_code == 404, "law 13"
    return payment


async def a_guardian_refunds(care):
    payment = await care.paid()
    assert (await care.refund(payment, 1, by=("g1", "GUARDIAN"))).status_code == 403, "law 13"
    return payment


async def releases_in_time(care):
    payment = await care.paid()
    await care.job(status="COMPLETED")
    await care.clock.advance(HOLD_MS - 1)
    assert await care.states(payment) == ("COMPLETED", "HELD"), "law 12: released early"
    await care.clock.advance(1)
    assert await care.states(payment) == ("COMPLETED", "RELEASED"), "law 12: not released when it was due"
    return payment


async def many(care):
    for number in range(1, 6):
        await care.made(number)
    await care.clock.advance(16 * MINUTE_MS)


def promises_more(book, wanted, rules):
    try:
        return real_open(book, wanted, rules)
    except EscrowError:
        return real_open(replace(book, refunded=0, processing=0), wanted, rules)


def lost_line(*lines):
    return tuple(Line(account, amount) for account, amount in lines[:1])


def unequal(amount, rates):
    parts = real_split(amount, rates)
    return parts._replace(agency=parts.agency - 2, fee=parts.fee + 2) if amount == 10 else parts


def by_pieces(book):
    """Shares from the original amount, less those of each refund, rounded apart."""
    after, parts, lines = real_release(book)
    fee = real_split(book.captured, book.rates).fee - 2 * real_split(book.refunded // 2, book.rates).fee
    moved = fee - parts.fee or 1
    return (
        after,
        parts,
        tuple(
            Line(one.account, one.amount + {Account.FEE: -moved, Account.AGENCY: moved}.get(one.account, 0))
            for one in lines
        )
        if any(one.account is Account.FEE for one in lines)
        else (*lines[:1], Line(Account.FEE, -1), *_less(lines[1:])),
    )


def _less(lines):
    return tuple(Line(one.account, one.amount + (1 if one.account is Account.AGENCY else 0)) for one in lines)


def keeps_the_part(book, part):
    after, lines = real_fail(book, part)
    return after, (lines[0], Line(Account.UNALLOCATED, lines[1].amount))


def twice(book, *, late=False):
    return replace(book, captured=book.amount, payment=PaymentState.COMPLETED, escrow=EscrowState.HELD), (
        Line(Account.GATEWAY, book.amount),
        Line(Account.LIABILITY, -book.amount),
    )


def releases_anyway(book):
    return real_release(replace(book, processing=0))


async def blind(_core, _provider, _attempted, _refund):
    return None


def drops_late(unit, attempted):
    attempt = outcome.attempt_of(unit, attempted.id)
    unit.records.change_attempt(replace(attempt, captured=True))


def no_lock(_core, _payment_id):
    return asyncio.Lock()


def go(_unit, _attempted_id, *, asked):
    return "go" if asked else "no"


def held_again(book):
    after, parts, lines = real_release(book)
    return replace(after, escrow=EscrowState.HELD), parts, lines


def always(*_args, **_options):
    return True


def forgets_the_first(records, postings):
    """An entry is added, and the payment's first one is deleted."""
    added = real_add(records, postings)
    first = (tables.escrow_lines.c.payment_id == postings[0].payment_id) & (tables.escrow_lines.c.number == 1)
    if postings[0].number > 1:
        records._run(delete(tables.escrow_lines).where(first))
    return added


def no_offset(page, limit):
    return (page - 1) * (limit - 1)


# The law, what breaks it (where, what, by what), and what brings it to light.
BROKEN = [
    (1, [(refunding, "open_refund", promises_more)], refunds_twice),
    (2, [(escrow_book, "entry", lost_line)], refunds_and_releases),
    (2, [(EscrowRows, "add_entry_of_escrow", forgets_the_first)], refund_fails),
    (3, [(escrow_book, "split", unequal)], refunds_and_releases),
    (4, [(releasing, "release", by_pieces)], refunds_and_releases),
    (5, [(refunding, "fail_refund", keeps_the_part)], refund_fails),
    (6, [(Book, "captured_before", None)], pays_twice),
    (6, [(concluding, "payment_lock", no_lock), (concluding, "take_turn", go)], executes_twice),
    (
        7,
        [(releasing, "release", held_again)],
        refunds_and_releases,
    ),
    (8, [(releasing, "release", releases_anyway)], releases_beside_a_refund),
    (8, [(refunding, "is_due", lambda *_: False), (tending, "_release", lambda _unit: False)], release_falls_due),
    (9, [(outcome, "paid", drops_late)], pays_late),
    (10, [(EscrowRows, "add_escrow_webhook", always)], repeats_a_webhook),
    (11, [(refunding, "_look", blind)], loses_an_answer),
    (12, [(paying, "_check_payable", always)], expires),
    (12, [(tending, "is_payable", always)], expires),
    (12, [(jobs, "release_due_ms", lambda completed_ms: completed_ms + HOLD_MS - 1)], releases_in_time),
    (12, [(jobs, "release_due_ms", lambda completed_ms: completed_ms + HOLD_MS + 1)], releases_in_time),
    (13, [(Actor, "may_see", always)], a_stranger_asks),
    (13, [(routes_escrow, "request_refund", None)], a_guardian_refunds),
    (14, [(routes_escrow, "page_offset", no_offset)], many),
    (14, [(routes_escrow, "page_meta", lambda page, limit, total: page_meta(page, limit, total + limit))], many),
]


QUICK = (0, 9, 13)  # the others are in the campaign: `make campaign-escrow`
ROWS = [
    pytest.param(number, id=f"{number}-law-{row[0]}", marks=() if number in QUICK else pytest.mark.campaign)
    for number, row in enumerate(BROKEN)
]


def test_each_law_is_broken():
    assert {law for law, *_ in BROKEN} == set(range(1, 15))


@pytest.mark.parametrize("number", ROWS)
async def test_a_broken_law_is_seen(tmp_path, monkeypatch, number):
    law, breaks, story = BROKEN[number]
    seen = await broken(tmp_path / "as it is", story)
    assert seen is None, f"the story of law {law} holds without the break: {seen}"
    for place, name, by in breaks:
        SPECIAL.get((place, name), lambda patch, place=place, name=name, by=by: patch.setattr(place, name, by))(
            monkeypatch
        )
    assert await broken(tmp_path / "broken", story), f"law {law} was broken, and nothing saw it"


async def broken(folder, story):
    """What the checks say after a story; None: nothing."""
    folder.mkdir()
    laws = Laws()
    async with open_care(folder, {}) as care:
        failures = []
        care.clock.on_failure = failures.append
        try:
            await story(care)
            await laws.check(care)
            await care.clock.advance(70 * MINUTE_MS)
            await laws.check_settled(care)
        except Exception as error:  # noqa: BLE001  whatever the break brings about is seen
            return repr(error)
        if failures:
            return repr(failures[0])
        rows = await care.core.store.read(everything)
        assert rows
        return None


def _capture_again(patch):
    """Captures are allocated however many there were."""
    real = outcome._captured

    def paid(unit, attempted):
        attempt = outcome.attempt_of(unit, attempted.id)
        payment = outcome.hold_with_job(unit.records, attempt.escrow_payment_id)
        unit.records.change_attempt(replace(attempt, captured=True))
        real(unit, payment, attempt, attempted)

    patch.setattr(outcome, "capture", twice)
    patch.setattr(outcome, "paid", paid)


def _refund_by_anyone(patch):
    def request(unit, actor, payment_id, wanted):
        payment = refunding.hold(unit.records, payment_id)
        return refunding.begin_refund(unit, payment, wanted.amount, wanted.reason, actor.user_id)

    patch.setattr(routes_escrow, "request_refund", request)


SPECIAL = {(Book, "captured_before"): _capture_again, (routes_escrow, "request_refund"): _refund_by_anyone}
assert ADMIN
