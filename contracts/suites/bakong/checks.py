"""Rules of transactions that are found: their keys, values, times, the ways to ask. They need a payment."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from contracts.open_api import TRANSACTION_KEYS
from contracts.suites.bakong.subject import MERCHANT, UNKNOWN_MD5, Bakong, Session, code, known, must, refused
from contracts.suites.case import Case
from contracts.suites.rules import NotCheckedError, PreconditionError, Suite
from khqr import Currency

SUITE = Suite("bakong")
rule = SUITE.rule

CHECK = "check_transaction_by_md5"
TEXTS = ("hash", "fromAccountId", "toAccountId", "currency")
MAYBE_TEXTS = ("description", "trackingStatus", "receiverBank", "receiverBankAccount", "instructionRef", "externalRef")
MESSAGES = {"doc-1.0.2": "Getting transaction successfully."}


def _pay(session: Session, case: Case, **how: Any) -> str:
    """The md5 of a payment: of a code of 1.50 USD that is paid now; without a fake, of one that was given."""
    if session.world is None and session.bakong.paid_md5 and not how:
        return session.bakong.paid_md5
    made = code()
    session.need_world().pay(case, made.qr, **how)
    return made.md5


@contextmanager
def _paid(bakong: Bakong, case: Case, **how: Any) -> Iterator[tuple[Session, dict[str, Any], str]]:
    """A Bakong at which a code was paid: the session, its transaction, its md5."""
    with bakong.session() as session:
        md5 = _pay(session, case, **how)
        answer = session.post(case, CHECK, {"md5": md5})
        data = answer.get("data")
        if not isinstance(data, dict):
            raise PreconditionError(f"a payment that was made is not found: {answer.told}")
        yield session, data, md5


@rule("found", "A payment that was made is found under the md5 of its code", forbids="not finding a paid payment")
def _found(bakong: Bakong, case: Case) -> None:
    """A code is paid; its md5, over the whole text, is asked for."""
    with bakong.session() as session:
        answer = session.post(case, CHECK, {"md5": _pay(session, case)})
        must(answer.status == 200, f"answered HTTP {answer.status}, expected 200")
        must(answer.get("responseCode") == 0, f"a paid payment is answered {answer.told}")
        expected = MESSAGES.get(bakong.profile, "Success")
        must(
            answer.get("responseMessage") == expected, f"says {answer.get('responseMessage')!r}, expected {expected!r}"
        )


@rule(
    "found.keys",
    "A transaction has its 13 keys",
    forbids="a transaction without one of the keys seen live, null or not",
)
def _keys(bakong: Bakong, case: Case) -> None:
    """The data of a payment that is found."""
    with _paid(bakong, case) as (_, data, _md5):
        missing = [key for key in TRANSACTION_KEYS if key not in data]
        must(not missing, f"{', '.join(missing)} is missing in {data}")


@rule(
    "found.types",
    "A transaction's values have their types",
    forbids="an amount as text, times as text or fractions, texts that are numbers",
)
def _types(bakong: Bakong, case: Case) -> None:
    """Every key of a payment that is found."""
    with _paid(bakong, case) as (_, data, _md5):
        amount = data.get("amount")
        must(
            isinstance(amount, int | float) and not isinstance(amount, bool), f"amount is {amount!r}, expected a number"
        )
        for key in ("createdDateMs", "acknowledgedDateMs"):
            must(key not in data or type(data[key]) is int, f"{key} is {data.get(key)!r}, expected a whole number")
        for key in TEXTS:
            must(key not in data or isinstance(data[key], str), f"{key} is {data.get(key)!r}, expected a text")
        for key in MAYBE_TEXTS:
            must(
                data.get(key) is None or isinstance(data[key], str),
                f"{key} is {data.get(key)!r}, expected text or null",
            )


@rule(
    "found.values",
    "A transaction says what was paid, and to whom",
    forbids="another amount, currency or account than the wallet paid",
)
def _values(bakong: Bakong, case: Case) -> None:
    """1.50 USD as the code asks, and 6000 riel by a code in riel."""
    with bakong.session() as session:
        riel = code("6000", Currency.KHR)
        for made, amount, currency in ((code(), 1.5, "USD"), (riel, 6000, "KHR")):
            session.need_world().pay(case, made.qr)
            data = session.post(case, CHECK, {"md5": made.md5}).get("data") or {}
            must(
                str(data.get("amount")) in (str(amount), f"{amount:.1f}", f"{amount:.2f}"),
                f"amount is {data.get('amount')!r}, paid were {amount} {currency}",
            )
            must(data.get("currency") == currency, f"currency is {data.get('currency')!r}, expected {currency!r}")
            must(
                data.get("toAccountId") == MERCHANT,
                f"toAccountId is {data.get('toAccountId')!r}, expected {MERCHANT!r}",
            )


@rule(
    "found.overpaid",
    "A transaction says the wallet's amount, not the code's",
    forbids="hiding that another amount was paid than asked for",
)
def _overpaid(bakong: Bakong, case: Case) -> None:
    """A wallet pays 2.00 USD for a code of 1.50 USD."""
    with _paid(bakong, case, amount="2.00") as (_, data, _md5):
        must(data.get("amount") == 2, f"amount is {data.get('amount')!r}, paid were 2.00 USD")


@rule(
    "found.times", "Times are epoch milliseconds, in order", forbids="times in seconds, or acknowledged before created"
)
def _times(bakong: Bakong, case: Case) -> None:
    """The fields createdDateMs and acknowledgedDateMs of a payment."""
    with _paid(bakong, case) as (_, data, _md5):
        created, acknowledged = data.get("createdDateMs"), data.get("acknowledgedDateMs")
        if not isinstance(created, int | float) or not isinstance(acknowledged, int | float):
            raise NotCheckedError("the times are no numbers, which another rule names")
        for name, moment in (("createdDateMs", created), ("acknowledgedDateMs", acknowledged)):
            must(10**12 <= moment < 10**13, f"{name} is {moment}, expected 13 digits of milliseconds")
        must(acknowledged >= created, f"acknowledged at {acknowledged}, before its creation at {created}")


@rule("found.hash", "A hash is 64 small hex digits", forbids="another form of the transaction's hash")
def _hash(bakong: Bakong, case: Case) -> None:
    """The hash of a payment that is found."""
    with _paid(bakong, case) as (_, data, _md5):
        found = str(data.get("hash"))
        must(len(found) == 64 and set(found) <= set("0123456789abcdef"), f"hash is {found!r}, expected 64 of 0-9a-f")


@rule(
    "found.stays",
    "A payment stays found, with the same transaction",
    forbids="a payment that is lost again, changes, or shows another transaction when it is paid twice",
)
def _stays(bakong: Bakong, case: Case) -> None:
    """Asked for five times; then the code is paid again, and a day passes."""
    with _paid(bakong, case) as (session, data, md5):
        world = session.need_world()
        for number in range(5):
            if number == 2:
                world.pay(case, code().qr)
            if number == 4:
                world.advance(case, 86_400)
            answer = session.post(case, CHECK, {"md5": md5})
            must(answer.get("data") == data, f"was {data}, is now {answer.told}")


@rule(
    "unpaid.unknown", "An unpaid code is answered like an unknown one", forbids="telling whether a code was ever shown"
)
def _unpaid(bakong: Bakong, case: Case) -> None:
    """A code that a deep link was made for, and an md5 that nobody knows: the same bytes."""
    with bakong.session() as session:
        session.need_world()
        shown = code(bill="INV-2")
        session.post(case, "generate_deeplink_by_qr", {"qr": shown.qr}, token="")
        one = session.post(case, CHECK, {"md5": shown.md5})
        other = session.post(case, CHECK, {"md5": UNKNOWN_MD5})
        must(one.text == other.text, f"shown: {one.told}; unknown: {other.told}")


@rule("failed", "A failed payment is HTTP 200 with code 3", forbids="another answer for a payment that failed")
def _failed(bakong: Bakong, case: Case) -> None:
    """A payment that the bank refuses."""
    with bakong.session() as session:
        made = code()
        session.need_world().pay(case, made.qr, outcome="failed")
        answer = session.post(case, CHECK, {"md5": made.md5})
        refused(answer, 3, 200)
        must(answer.get("data") is None, f"data is {answer.get('data')!r}, expected null")


@rule(
    "by-hash",
    "A transaction is found by its hash, and by eight digits with amount and currency",
    forbids="another transaction, or one whose amount or currency does not match",
)
def _by_hash(bakong: Bakong, case: Case) -> None:
    """The full hash; the short one with the right facts; the short one with a wrong amount and a wrong currency."""
    with _paid(bakong, case) as (session, data, _md5):
        full = known(
            session.post(case, "check_transaction_by_hash", {"hash": data["hash"]}), "check_transaction_by_hash"
        )
        must((full.get("data") or {}).get("hash") == data["hash"], f"by its hash: {full.told}")
        path = "check_transaction_by_short_hash"
        right = {"hash": data["hash"][:8], "amount": 1.5, "currency": "USD"}
        short = known(session.post(case, path, right), path)
        must((short.get("data") or {}).get("hash") == data["hash"], f"by its short hash: {short.told}")
        for wrong in ({"amount": 1.4}, {"currency": "KHR"}):
            answer = session.post(case, path, right | wrong)
            must(answer.get("responseCode") == 1, f"found with {wrong}: {answer.told}")


@rule(
    "by-reference",
    "A transaction is found by the payer bank's reference",
    forbids="not finding it by externalRef, or finding another",
)
def _by_reference(bakong: Bakong, case: Case) -> None:
    """The externalRef of a payment, and one that is nobody's."""
    with _paid(bakong, case) as (session, data, _md5):
        path = "check_transaction_by_external_ref"
        if not data.get("externalRef"):
            raise NotCheckedError("the transaction has no externalRef")
        answer = known(session.post(case, path, {"externalRef": data["externalRef"]}), path)
        must((answer.get("data") or {}).get("hash") == data["hash"], f"by its externalRef: {answer.told}")
        refused(session.post(case, path, {"externalRef": "100FT00000000000"}), 1, 200)


def _list(session: Session, case: Case, md5s: list[str]) -> list[Any]:
    """The rows of a list check. Raises NotCheckedError for a profile or a server without it."""
    path = "check_transaction_by_md5_list"
    if session.bakong.profile == "prod":
        raise NotCheckedError("production answers the list with 403")
    rows = known(session.post(case, path, md5s), path).get("data")
    if not isinstance(rows, list):
        raise PreconditionError(f"the list check answers no array: {rows!r}")
    return rows


@rule("list", "A list check answers row by row", forbids="a list check without md5, status, or data in a row")
def _rows(bakong: Bakong, case: Case) -> None:
    """A paid and an unknown md5: SUCCESS with its transaction, NOT_FOUND without. On production: nginx's 403."""
    with _paid(bakong, case) as (session, data, md5):
        if bakong.profile == "prod":
            answer = session.post(case, "check_transaction_by_md5_list", [md5])
            must(answer.status == 403, f"answered HTTP {answer.status}, production answers 403")
            return
        rows = {row.get("md5"): row for row in _list(session, case, [md5, UNKNOWN_MD5]) if isinstance(row, dict)}
        must(md5 in rows and UNKNOWN_MD5 in rows, f"asked for {md5} and {UNKNOWN_MD5}, answered {list(rows)}")
        must(rows[md5].get("status") == "SUCCESS", f"a paid row says {rows[md5].get('status')!r}, expected 'SUCCESS'")
        must((rows[md5].get("data") or {}).get("hash") == data["hash"], f"a paid row is {rows[md5]}")
        unknown = rows[UNKNOWN_MD5].get("status")
        must(unknown == "NOT_FOUND", f"an unknown row says {unknown!r}, expected 'NOT_FOUND'")


@rule(
    "list.order", "A list check answers in the order asked", forbids="rows in another order, sorted, or without repeats"
)
def _order(bakong: Bakong, case: Case) -> None:
    """Ten md5s in no order, one of them paid, one of them twice."""
    with _paid(bakong, case) as (session, _data, md5):
        others = [f"{number * 7919 % 97:032x}" for number in range(8)]
        asked = [others[5], others[0], md5, others[7], others[2], others[5], others[1], others[3]]
        found = [row.get("md5") for row in _list(session, case, asked) if isinstance(row, dict)]
        must(found == asked, f"asked for {asked}, answered {found}")


@rule("list.limit", "A list check takes 1 to 50", forbids="a list of 51, or of none, that is answered")
def _limit(bakong: Bakong, case: Case) -> None:
    """50 are answered; 51 and none are refused (the form of the refusal is a guess, and not checked)."""
    with bakong.session() as session:
        session.need_world()
        md5s = [f"{number:032x}" for number in range(51)]
        must(len(_list(session, case, md5s[:50])) == 50, "50 md5s were asked for, and not 50 rows answered")
        for wrong in (md5s, []):
            answer = session.post(case, "check_transaction_by_md5_list", wrong)
            must(answer.get("responseCode") == 1, f"a list of {len(wrong)} was answered: {answer.told[:120]}")
