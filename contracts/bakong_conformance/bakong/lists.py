"""Rules of checks by list: rows, their order, how many. Says nothing of single checks."""

from typing import Any

from bakong_conformance.bakong.checks import hash_of, listed, paid
from bakong_conformance.bakong.subject import (
    UNKNOWN_MD5,
    Bakong,
    code,
    known,
    transaction,
)
from bakong_conformance.case import Case
from bakong_conformance.rules import RuleBrokenError, Suite, require

SUITE = Suite("bakong")
rule = SUITE.rule


@rule("list", "A list check answers row by row", forbids="a list check without md5, status, or data in a row")
def _rows(bakong: Bakong, case: Case) -> None:
    """A paid and an unknown md5: SUCCESS with its transaction, NOT_FOUND without. On production: nginx's 403."""
    with paid(bakong, case) as (session, data, md5):
        if bakong.profile == "prod":
            answer = session.post(case, "check_transaction_by_md5_list", [md5])
            require(answer.status == 403, f"answered HTTP {answer.status}, production answers 403")
            return
        rows = {str(row.get("md5")): row for row in listed(session, case, [md5, UNKNOWN_MD5]) if isinstance(row, dict)}
        require(md5 in rows and UNKNOWN_MD5 in rows, f"asked for {md5} and {UNKNOWN_MD5}, answered {list(rows)}")
        require(
            rows[md5].get("status") == "SUCCESS", f"a paid row says {rows[md5].get('status')!r}, expected 'SUCCESS'"
        )
        require(transaction(rows[md5]).get("hash") == data.get("hash"), f"a paid row is {rows[md5]}")
        unknown = rows[UNKNOWN_MD5].get("status")
        require(unknown == "NOT_FOUND", f"an unknown row says {unknown!r}, expected 'NOT_FOUND'")
        if session.world:
            _whole_rows(rows[md5], rows[UNKNOWN_MD5], data)
            failed = code(bill="INV-9")
            session.world.pay(case, failed.qr, outcome="failed")
            row = next(iter(listed(session, case, [failed.md5])), None)
            if not isinstance(row, dict):
                raise RuleBrokenError(f"the row of a failed payment is {row!r}")
            require(row.get("status") not in ("SUCCESS", "NOT_FOUND"), f"the row of a failed payment is {row}")
            require(row.get("data") is None, f"the row of a failed payment carries a transaction: {row}")


def _whole_rows(paid: dict[str, Any], unknown: dict[str, Any], data: dict[str, Any]) -> None:
    """A row's data is the transaction as the single check tells it, or null."""
    require(paid.get("data") == data, f"a paid row's data is {paid.get('data')}, the single check says {data}")
    require("data" in unknown and unknown["data"] is None, f"an unknown row is {unknown}, expected data null")
    for row in (paid, unknown):
        require(isinstance(row.get("message"), str) and row["message"], f"a row has no message: {row}")


@rule(
    "hash-list",
    "A list of hashes is answered row by row, in the order asked",
    forbids="rows without hash, status and data, in another order, or of more than 50",
)
def _hash_list(bakong: Bakong, case: Case) -> None:
    """A paid hash among five that are nobody's, one twice; then 51, and none. Production has it too. Needs a fake."""
    bakong.need_fake()
    with paid(bakong, case) as (session, data, _md5):
        hash_ = hash_of(data)
        path = "check_transaction_by_hash_list"
        others = [f"{number * 7919 % 97:064x}" for number in range(5)]
        asked = [others[3], others[0], hash_, others[3], others[4], others[1]]
        rows = known(session.post(case, path, asked), path).get("data")
        require(isinstance(rows, list), f"data is {rows!r}, expected an array")
        hashes = [row.get("hash") for row in rows or () if isinstance(row, dict)]
        require(hashes == asked, f"asked for {asked}, answered {hashes}")
        statuses = [row.get("status") for row in rows]
        expected = ["SUCCESS" if one == hash_ else "NOT_FOUND" for one in asked]
        require(statuses == expected, f"the statuses are {statuses}, expected {expected}")
        _whole_rows(rows[2], rows[0], data)
        for wrong in ([f"{number:064x}" for number in range(51)], []):
            answer = session.post(case, path, wrong)
            require(answer.get("responseCode") == 1, f"a list of {len(wrong)} was answered: {answer.summary[:120]}")


@rule(
    "list.several",
    "Each row of a list tells its own payment",
    forbids="one payment's transaction in another's row, or a list that is a failure where one row is not found",
)
def _several(bakong: Bakong, case: Case) -> None:
    """Two payments and a stranger between them, by md5 and by hash; each row as the single check tells it."""
    bakong.need_fake()
    with bakong.session() as session:
        world = session.need_world()
        singles = {}
        for amount in ("1.5", "2.75"):
            made = code(amount, bill=f"INV-{amount}")
            world.pay(case, made.qr)
            data = transaction(session.post(case, "check_transaction_by_md5", {"md5": made.md5}))
            singles[made.md5] = (hash_of(data), data)
        (one, (one_hash, one_data)), (other, (other_hash, other_data)) = singles.items()
        expected = [other_data, None, one_data]
        for path, asked in (
            ("check_transaction_by_md5_list", [other, UNKNOWN_MD5, one]),
            ("check_transaction_by_hash_list", [other_hash, "f" * 64, one_hash]),
        ):
            if path == "check_transaction_by_md5_list" and bakong.profile == "prod":
                continue
            answer = known(session.post(case, path, asked), path)
            codes = answer.get("responseCode"), answer.get("errorCode")
            require(codes == (0, None), f"/v1/{path}: responseCode and errorCode are {codes}, expected 0 and null")
            rows = answer.get("data")
            told = [row.get("data") for row in rows or () if isinstance(row, dict)] if isinstance(rows, list) else rows
            require(told == expected, f"/v1/{path} tells {told}, the single checks {expected}")


@rule(
    "list.order", "A list check answers in the order asked", forbids="rows in another order, sorted, or without repeats"
)
def _order(bakong: Bakong, case: Case) -> None:
    """Ten md5s in no order, one of them paid, one of them twice."""
    with paid(bakong, case) as (session, _data, md5):
        others = [f"{number * 7919 % 97:032x}" for number in range(8)]
        asked = [others[5], others[0], md5, others[7], others[2], others[5], others[1], others[3]]
        md5s = [row.get("md5") for row in listed(session, case, asked) if isinstance(row, dict)]
        require(md5s == asked, f"asked for {asked}, answered {md5s}")


@rule("list.limit", "A list check takes 1 to 50", forbids="a list of 51, or of none, that is answered")
def _limit(bakong: Bakong, case: Case) -> None:
    """50 are answered; 51 and none are refused (the form of the refusal is a guess, and not checked)."""
    with bakong.session() as session:
        session.need_world()
        md5s = [f"{number:032x}" for number in range(51)]
        require(len(listed(session, case, md5s[:50])) == 50, "50 md5s were asked for, and not 50 rows answered")
        for wrong in (md5s, []):
            answer = session.post(case, "check_transaction_by_md5_list", wrong)
            require(answer.get("responseCode") == 1, f"a list of {len(wrong)} was answered: {answer.summary[:120]}")
