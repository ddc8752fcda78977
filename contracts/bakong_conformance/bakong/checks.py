"""Rules of transactions that are found: their keys, values, times, the ways to ask. They need a payment."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from typing import Any

from bakong_conformance.bakong.subject import (
    MERCHANT,
    NOW_MS,
    UNKNOWN_MD5,
    Bakong,
    Session,
    bodies,
    code,
    known,
    refused,
    transaction,
)
from bakong_conformance.case import Case
from bakong_conformance.rules import NotCheckedError, PreconditionError, Suite, require
from bakong_schemes.bakong.wire import TRANSACTION_KEYS
from khqr import Currency

SUITE = Suite("bakong")
rule = SUITE.rule

CHECK = "check_transaction_by_md5"
TEXTS = ("hash", "fromAccountId", "toAccountId", "currency")
MAYBE_TEXTS = ("description", "trackingStatus", "receiverBank", "receiverBankAccount", "instructionRef", "externalRef")
FILLED = ("description", "trackingStatus", "receiverBank", "receiverBankAccount", "instructionRef")
LATE_S = 600
PAYER = "dara@devb"
BALANCES = {"USD": "100000", "KHR": "100000000"}
PAID = (
    ("1.5", "USD"),
    ("0.01", "USD"),
    ("0.29", "USD"),
    ("4.35", "USD"),
    ("100", "USD"),
    ("1234.56", "USD"),
    ("6000", "KHR"),
    ("100", "KHR"),
    ("16777217", "KHR"),
)
MESSAGES = {"doc-1.0.2": "Getting transaction successfully."}


def pay(session: Session, case: Case, **how: Any) -> str:
    """The md5 of a payment: of a code of 1.50 USD that is paid now; without a fake, of one that was given."""
    if session.world is None and session.bakong.paid_md5 and not how:
        return session.bakong.paid_md5
    made = code()
    session.need_world().pay(case, made.qr, **how)
    return made.md5


@contextmanager
def paid(bakong: Bakong, case: Case, **how: Any) -> Iterator[tuple[Session, dict[str, Any], str]]:
    """A Bakong at which a code was paid: the session, its transaction, its md5."""
    with bakong.session() as session:
        md5 = pay(session, case, **how)
        answer = session.post(case, CHECK, {"md5": md5})
        data = answer.get("data")
        if not isinstance(data, dict):
            raise PreconditionError(f"a payment that was made is not found: {answer.summary}")
        yield session, data, md5


@contextmanager
def _late(bakong: Bakong, case: Case) -> Iterator[tuple[Session, dict[str, Any], str]]:
    """As _paid, some minutes after the code was made where time can be moved."""
    if bakong.control is None:
        with paid(bakong, case) as payment:
            yield payment
        return
    with bakong.session() as session:
        session.need_world().advance(case, LATE_S)
        md5 = pay(session, case)
        answer = session.post(case, CHECK, {"md5": md5})
        data = answer.get("data")
        if not isinstance(data, dict):
            raise PreconditionError(f"a payment that was made is not found: {answer.summary}")
        yield session, data, md5


def listed(session: Session, case: Case, md5s: list[str]) -> list[Any]:
    """The rows of a list check. Raises NotCheckedError for a profile or a server without it."""
    path = "check_transaction_by_md5_list"
    if session.bakong.profile == "prod":
        raise NotCheckedError("production answers the list with 403")
    rows = known(session.post(case, path, md5s), path).get("data")
    if not isinstance(rows, list):
        raise PreconditionError(f"the list check answers no array: {rows!r}")
    return rows


def _number(value: object) -> Decimal | None:
    """A number of JSON, or a text of one: the type is another rule's matter."""
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


@rule("found", "A payment that was made is found under the md5 of its code", forbids="not finding a paid payment")
def _found(bakong: Bakong, case: Case) -> None:
    """A code is paid; its md5, over the whole text, is asked for."""
    with bakong.session() as session:
        answer = session.post(case, CHECK, {"md5": pay(session, case)})
        require(answer.status == 200, f"answered HTTP {answer.status}, expected 200")
        require(answer.get("responseCode") == 0, f"a paid payment is answered {answer.summary}")
        data = answer.get("data")
        require(isinstance(data, dict), f"data is {data!r}, expected one transaction as an object")
        expected = MESSAGES.get(bakong.profile, "Success")
        require(
            answer.get("responseMessage") == expected, f"says {answer.get('responseMessage')!r}, expected {expected!r}"
        )


@rule(
    "found.after",
    "A payment is found as soon as it is made",
    forbids="remembering that it was not found: the next poll must see it",
)
def _after(bakong: Bakong, case: Case) -> None:
    """Asked for twice before it is paid, alone and in a list, and then at once. Needs a fake."""
    with bakong.session() as session:
        made, world = code(), session.need_world()
        for _ in range(2):
            session.post(case, CHECK, {"md5": made.md5})
        if bakong.profile != "prod":
            session.post(case, "check_transaction_by_md5_list", [made.md5])
        world.pay(case, made.qr)
        answer = session.post(case, CHECK, {"md5": made.md5})
        require(answer.get("responseCode") == 0, f"asked for before and paid since, is answered {answer.summary}")


@rule(
    "found.exact",
    "Only the whole md5 finds a payment",
    forbids="finding it by a part of its md5, or by a pattern: anybody's payment would be found",
)
def _exact(bakong: Bakong, case: Case) -> None:
    """Its first half, all but one digit, another last digit, one digit more, and patterns. Needs a fake."""
    bakong.need_fake()
    with paid(bakong, case) as (session, _data, md5):
        other = md5[:-1] + ("0" if md5[-1] != "0" else "1")
        for wrong in (md5[:16], md5[:-1], other, md5 + "0", "%", md5[:31] + "_", ".*", "*"):
            answer = session.post(case, CHECK, {"md5": wrong})
            require(answer.get("responseCode") == 1, f"found by {wrong!r}: {answer.summary}")


@rule(
    "found.own",
    "Two payments are two transactions",
    forbids="a hash or a reference that payments share, or one payment's values in another",
)
def _own(bakong: Bakong, case: Case) -> None:
    """Three codes paid one after the other; their hashes, references and amounts are compared. Needs a fake."""
    with bakong.session() as session:
        world, hashes = session.need_world(), []
        for number in range(1, 4):
            made = code(f"{number}.25", bill=f"INV-{number}")
            world.pay(case, made.qr)
            hashes.append((made, transaction(session.post(case, CHECK, {"md5": made.md5}))))
        for key in ("hash", "externalRef"):
            values = [data.get(key) for _, data in hashes if data.get(key) is not None]
            require(len(set(values)) == len(values), f"{key} is the same for two payments: {values}")
        for number, (made, data) in enumerate(hashes, 1):
            now = transaction(session.post(case, CHECK, {"md5": made.md5}))
            require(now == data, f"payment {number} was {data}, is now {now}")
            require(data.get("amount") in (None, number + 0.25), f"payment {number} says {data.get('amount')!r}")


@rule(
    "static",
    "A static code's check is answered as the profile has it",
    forbids="finding a payment under the md5 of a static code, which many payments share",
)
def _static(bakong: Bakong, case: Case) -> None:
    """A static code is paid; its md5 is not found (code 1), with doc-1.0.2 refused (code 2); nor in a list."""
    with bakong.session() as session:
        made = code(None)
        session.need_world().pay(case, made.qr, amount="1.50")
        refused(session.post(case, CHECK, {"md5": made.md5}), 2 if bakong.profile == "doc-1.0.2" else 1, 200)
        if bakong.profile != "prod":
            row = next(iter(listed(session, case, [made.md5])), None)
            shown = row if isinstance(row, dict) else {}
            require(shown.get("status") in ("STATIC_QR", "NOT_FOUND"), f"its row in a list is {row!r}")
            require(shown.get("data") is None, f"its row in a list carries a transaction: {row!r}")


@rule(
    "found.keys",
    "A transaction has its 13 keys",
    forbids="a transaction without one of the keys seen live, null or not",
)
def _keys(bakong: Bakong, case: Case) -> None:
    """The data of a payment that is found."""
    with paid(bakong, case) as (_, data, _md5):
        missing = [key for key in TRANSACTION_KEYS if key not in data]
        require(not missing, f"{', '.join(missing)} is missing in {data}")


@rule(
    "found.types",
    "A transaction's values have their types",
    forbids="an amount as text, times as text or fractions, texts that are numbers",
)
def _types(bakong: Bakong, case: Case) -> None:
    """Every key of a payment that is found."""
    with paid(bakong, case) as (_, data, _md5):
        amount = data.get("amount")
        require(
            isinstance(amount, int | float) and not isinstance(amount, bool), f"amount is {amount!r}, expected a number"
        )
        for key in ("createdDateMs", "acknowledgedDateMs"):
            require(key not in data or type(data[key]) is int, f"{key} is {data.get(key)!r}, expected a whole number")
        for key in TEXTS:
            require(key not in data or isinstance(data[key], str), f"{key} is {data.get(key)!r}, expected a text")
        for key in MAYBE_TEXTS:
            require(
                data.get(key) is None or isinstance(data[key], str),
                f"{key} is {data.get(key)!r}, expected text or null",
            )
            blank = str(data.get(key)).strip().lower() in ("", "null", "undefined")
            require(not (bakong.control and blank), f"{key} is {data.get(key)!r}, expected null for what is not there")


@rule(
    "found.values",
    "A transaction says what was paid, by whom and to whom",
    forbids="another amount, currency or account than the wallet paid",
)
def _values(bakong: Bakong, case: Case) -> None:
    """Dollars and riel as the codes ask, from a cent on; among them what floats and 32 bits cannot hold."""
    with bakong.session() as session:
        session.need_world().ask(case, "POST", "/accounts", {"account_id": PAYER, "balances": BALANCES})
        for text, currency in PAID:
            made = code(text, Currency.KHR if currency == "KHR" else Currency.USD)
            session.need_world().pay(case, made.qr, from_account=PAYER)
            data = transaction(session.post(case, CHECK, {"md5": made.md5}))
            amount = data.get("amount")
            require(
                _number(amount) == Decimal(text),
                f"amount is {amount!r}, paid were {text} {currency}",
            )
            require(data.get("currency") == currency, f"currency is {data.get('currency')!r}, expected {currency!r}")
            for key, account in (("toAccountId", MERCHANT), ("fromAccountId", PAYER)):
                require(data.get(key) == account, f"{key} is {data.get(key)!r}, expected {account!r}")


@rule(
    "found.overpaid",
    "A transaction says the wallet's amount, not the code's",
    forbids="hiding that another amount was paid than asked for",
)
def _overpaid(bakong: Bakong, case: Case) -> None:
    """A wallet pays 2.00 USD for a code of 1.50 USD."""
    with paid(bakong, case, amount="2.00") as (_, data, _md5):
        require(data.get("amount") == 2, f"amount is {data.get('amount')!r}, paid were 2.00 USD")


@rule(
    "found.times", "Times are epoch milliseconds, in order", forbids="times in seconds, or acknowledged before created"
)
def _times(bakong: Bakong, case: Case) -> None:
    """The fields createdDateMs and acknowledgedDateMs of a payment; a fake's is made ten minutes after its code."""
    with _late(bakong, case) as (session, data, _md5):
        created, acknowledged = data.get("createdDateMs"), data.get("acknowledgedDateMs")
        if not isinstance(created, int | float) or not isinstance(acknowledged, int | float):
            raise NotCheckedError("the times are no numbers, which another rule names")
        for name, moment in (("createdDateMs", created), ("acknowledgedDateMs", acknowledged)):
            require(10**12 <= moment < 10**13, f"{name} is {moment}, expected 13 digits of milliseconds")
        require(acknowledged >= created, f"acknowledged at {acknowledged}, before its creation at {created}")
        if session.world:
            off = (created - NOW_MS) / 1000 - LATE_S
            require(abs(off) <= 60, f"createdDateMs is {off:+g} s from the payment, {created}")
            require(acknowledged - created <= 60_000, f"acknowledged {acknowledged - created} ms after its creation")


@rule("found.hash", "A hash is 64 small hex digits", forbids="another form of the transaction's hash")
def _hash(bakong: Bakong, case: Case) -> None:
    """The hash of a payment that is found."""
    with paid(bakong, case) as (_, data, _md5):
        hash_ = str(data.get("hash"))
        require(len(hash_) == 64 and set(hash_) <= set("0123456789abcdef"), f"hash is {hash_!r}, expected 64 of 0-9a-f")


@rule(
    "found.stays",
    "A payment stays found, with the same transaction",
    forbids="a payment that is lost again, changes, or shows another transaction when it is paid twice",
)
def _stays(bakong: Bakong, case: Case) -> None:
    """Asked for five times; then the code is paid again, and a day passes."""
    with paid(bakong, case) as (session, data, md5):
        world = session.need_world()
        for number in range(5):
            if number == 2:
                world.pay(case, code().qr)
            if number == 4:
                world.advance(case, 86_400)
            answer = session.post(case, CHECK, {"md5": md5})
            require(answer.get("data") == data, f"was {data}, is now {answer.summary}")


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
        require(one.text == other.text, f"shown: {one.summary}; unknown: {other.summary}")


@rule("failed", "A failed payment is HTTP 200 with code 3", forbids="another answer for a payment that failed")
def _failed(bakong: Bakong, case: Case) -> None:
    """A payment that the bank refuses."""
    with bakong.session() as session:
        made = code()
        session.need_world().pay(case, made.qr, outcome="failed")
        answer = session.post(case, CHECK, {"md5": made.md5})
        refused(answer, 3, 200)
        require(answer.get("data") is None, f"data is {answer.get('data')!r}, expected null")


def hash_of(data: dict[str, Any]) -> str:
    if not isinstance(hash_ := data.get("hash"), str):
        raise NotCheckedError(f"the transaction's hash is {hash_!r}, which another rule names")
    return hash_


@rule(
    "by-hash",
    "A transaction is found by its hash, and by eight digits with amount and currency",
    forbids="another transaction, or one whose amount or currency does not match",
)
def _by_hash(bakong: Bakong, case: Case) -> None:
    """The full hash and one that is nobody's; the short one with right and wrong facts, without them, of 7 and 9."""
    with paid(bakong, case) as (session, data, _md5):
        hash_ = hash_of(data)
        full = known(session.post(case, "check_transaction_by_hash", {"hash": hash_}), "check_transaction_by_hash")
        require(transaction(full).get("hash") == hash_, f"by its hash: {full.summary}")
        path = "check_transaction_by_short_hash"
        right = {"hash": hash_[:8], "amount": 1.5, "currency": "USD"}
        short = known(session.post(case, path, right), path)
        require(transaction(short).get("hash") == hash_, f"by its short hash: {short.summary}")
        for wrong in ({"amount": 1.4}, {"currency": "KHR"}):
            answer = session.post(case, path, right | wrong)
            require(answer.get("responseCode") == 1, f"found with {wrong}: {answer.summary}")
        if session.world is None:
            return
        for name in ("amount", "currency"):
            answer = session.post(case, path, {key: value for key, value in right.items() if key != name})
            require(answer.get("responseCode") == 1, f"found without {name}: {answer.summary}")
        for short_hash in (hash_[:7], hash_[:9], hash_[-8:]):
            answer = session.post(case, path, right | {"hash": short_hash})
            require(
                answer.get("responseCode") == 1, f"found by {short_hash!r}, which is no short hash: {answer.summary}"
            )
        _by_whole_amounts(session, case)
        for endpoint, body in bodies(bakong.profile).items():
            if "hash" in body:
                refused(session.post(case, endpoint, body), 1, 200)


def _by_whole_amounts(session: Session, case: Case) -> None:
    """Whole riel, and whole dollars, asked for as 4000 and as 4000.0: one JSON number."""
    path = "check_transaction_by_short_hash"
    for currency, amount in ((Currency.KHR, 4000), (Currency.USD, 2)):
        made = code(str(amount), currency, bill=f"WHOLE-{amount}")
        session.need_world().pay(case, made.qr)
        hash_ = hash_of(transaction(session.post(case, CHECK, {"md5": made.md5})))
        for asked in (amount, float(amount)):
            body = {"hash": hash_[:8], "amount": asked, "currency": currency.name}
            answer = known(session.post(case, path, body), path)
            require(transaction(answer).get("hash") == hash_, f"not found by the amount {asked}: {answer.summary}")


@rule(
    "found.alike",
    "Every way of asking tells the same transaction",
    forbids="keys, values or words that differ between the checks by md5, hash, short hash and reference",
)
def _alike(bakong: Bakong, case: Case) -> None:
    """One payment asked for in four ways; what only some fill (description, tracking, banks) may differ."""
    bakong.need_fake()
    with paid(bakong, case) as (session, data, md5):
        by_md5, hash_ = session.post(case, CHECK, {"md5": md5}), hash_of(data)
        for endpoint, body in (
            ("check_transaction_by_hash", {"hash": hash_}),
            ("check_transaction_by_short_hash", {"hash": hash_[:8], "amount": 1.5, "currency": "USD"}),
            ("check_transaction_by_external_ref", {"externalRef": data.get("externalRef")}),
        ):
            answer = known(session.post(case, endpoint, body), endpoint)
            for name in ("responseCode", "responseMessage", "errorCode"):
                actual, expected = answer.get(name), by_md5.get(name)
                require(actual == expected, f"/v1/{endpoint}: {name} is {actual!r}, by md5 {expected!r}")
            other = transaction(answer)
            require(set(other) == set(data), f"/v1/{endpoint}: keys {sorted(set(other) ^ set(data))} differ from md5's")
            differs = [key for key in data if key not in FILLED and other[key] != data[key]]
            require(not differs, f"/v1/{endpoint}: {', '.join(differs)} differ from md5's: {answer.summary}")


@rule(
    "by-reference",
    "A transaction is found by the banks' references",
    forbids="not finding it by externalRef or instructionRef, or finding another",
)
def _by_reference(bakong: Bakong, case: Case) -> None:
    """The externalRef and the instructionRef of a payment, as far as it tells them, and ones that are nobody's."""
    with paid(bakong, case) as (session, data, _md5):
        hash_ = hash_of(data)
        path = "check_transaction_by_external_ref"
        if not data.get("externalRef"):
            raise NotCheckedError("the transaction has no externalRef")
        answer = known(session.post(case, path, {"externalRef": data["externalRef"]}), path)
        require(transaction(answer).get("hash") == hash_, f"by its externalRef: {answer.summary}")
        refused(session.post(case, path, {"externalRef": "100FT00000000000"}), 1, 200)
        if session.world is None:
            return
        path = "check_transaction_by_instruction_ref"
        refused(known(session.post(case, path, {"instructionRef": "nobody"}), path), 1, 200)
        shown = transaction(session.post(case, "check_transaction_by_hash", {"hash": hash_}))
        if reference := shown.get("instructionRef"):
            answer = session.post(case, path, {"instructionRef": reference})
            require(transaction(answer).get("hash") == hash_, f"by its instructionRef: {answer.summary}")
