"""Rules of reading escrow payments: who sees what, lists that are complete, in order and bounded."""

from typing import Any

from bakong_conformance.case import Case
from bakong_conformance.http import Answer, call
from bakong_conformance.rules import Severity, Suite, require
from bakong_conformance.service.escrow_subject import AMOUNT, Desk, desk
from bakong_conformance.service.operation import fill
from bakong_conformance.service.subject import Service
from bakong_conformance.stand_ins.money import DHAKA, dhaka

SUITE = Suite("service")
rule = SUITE.rule
CRITICAL = Severity.CRITICAL


@rule(
    "escrow.read.nobody",
    "Without a key nothing is told",
    forbids="payments that the world can read",
    source="law 13",
    severity=CRITICAL,
)
def _nobody(service: Service, case: Case) -> None:
    """Read, list, refund and release without any header."""
    escrow = desk(service)
    payment = escrow.make(case)
    for name in ("get", "list", "refund", "release"):
        if name in escrow.config.operations:
            operation = escrow.config.operations[name]
            path = fill(operation.path, {"payment": payment.id, "page": 1, "limit": 20})
            answer = call(case, service.http, operation.method, path, body=None if operation.method == "GET" else {})
            known = service.config.refusals.unauthorized
            require(answer.status in known, f"{name} without a key was answered {answer.summary}")


@rule(
    "escrow.read.parties",
    "Payer, agency, caregiver and admins see a payment",
    forbids="hiding a payment from its parties",
    source="section 2",
)
def _parties(service: Service, case: Case) -> None:
    """Each role that is mapped reads it."""
    escrow = desk(service)
    payment = escrow.make(case)
    for role in escrow.config.roles:
        if role != "other_guardian":
            answer = escrow.do(case, "get", role=role, payment=payment.id)
            require(escrow.done("get", answer), f"a read by {role} was answered {answer.summary}")


@rule(
    "escrow.read.strangers",
    "A stranger's payment is not there",
    forbids="a stranger who reads, pays or learns that it exists",
    source="law 13",
    severity=CRITICAL,
)
def _strangers(service: Service, case: Case) -> None:
    """Another guardian reads, opens, finishes and lists refunds: 404, as for a payment that never was."""
    escrow = desk(service)
    escrow.need_role("other_guardian")
    payment = escrow.begin(case, escrow.make(case))
    escrow.approve(case, payment)
    values = {"payment": payment.id, "reference": payment.reference, "amount": escrow.amount(AMOUNT)}
    for name in ("get", f"{payment.method}_create", escrow.end(payment), "refunds"):
        if name in escrow.config.operations:
            answer = escrow.do(case, name, role="other_guardian", **values)
            escrow.refused(name, answer, f"{name} by a stranger", by="unknown")
    escrow.is_now(case, payment, "pending", about="a payment that a stranger tried to finish")


@rule("escrow.read.unknown", "An unknown payment is 404", forbids="500 for a wrong number", source="section 2")
def _unknown(service: Service, case: Case) -> None:
    """Read, refund and release of a payment that never was."""
    escrow = desk(service)
    mine = escrow.make(case)
    for name in ("get", "refund", "release"):
        if name in escrow.config.operations:
            answer = escrow.do(
                case, name, role="admin" if "admin" in escrow.config.roles else "guardian", payment=f"{mine.id}x"
            )
            escrow.refused(name, answer, f"{name} of an unknown payment", by="unknown invalid")


@rule("escrow.read.amounts", "Amounts are exact", forbids="0.30000000000000004", source="section 1")
def _amounts(service: Service, case: Case) -> None:
    """33.33 less 0.10 and 0.20: every amount in every answer has at most two decimals."""
    escrow = desk(service)
    payment = escrow.capture(case, 33_33)
    for part in (10, 20):
        if "refund" in escrow.config.operations:
            escrow.refunded(case, payment, part)
            service.settle(case)
    view = escrow.view(case, payment)
    for name in ("amount", "refunded", "fee", "net"):
        if view.raw.get(name) is not None:
            require(escrow.minor(view.raw[name]) is not None, f"{name} is {view.raw[name]!r}")


def _page(escrow: Desk, case: Case | None, role: str = "guardian", **values: Any) -> Answer:
    return escrow.must("list", escrow.do(case, "list", role=role, **values))


def _ids(escrow: Desk, answer: Answer) -> list[str]:
    return [str(one) for one in escrow.read("list", answer, "ids") or []]


def _all(escrow: Desk, case: Case, role: str = "guardian", limit: int = 100, **values: Any) -> list[str]:
    ids: list[str] = []
    for page in range(1, 200):
        rows = _ids(escrow, _page(escrow, case, role, page=page, limit=limit, **values))
        ids += rows
        if len(rows) < limit:
            break
    return ids


@rule(
    "escrow.list.pages",
    "Pages hold every row once",
    forbids="rows that are lost or doubled between pages",
    source="law 14",
)
def _pages(service: Service, case: Case) -> None:
    """All payments of the guardian by pages of 3 against a page of 100; total and totalPages."""
    escrow = desk(service)
    escrow.need_answer("list", "ids")
    made = [escrow.make(case).id for _ in range(7)]
    whole = _all(escrow, case, limit=escrow.config.most_rows)
    require(set(made) <= set(whole), "a payment is missing in the list")
    require(len(whole) == len(set(whole)), "a payment is in the list twice")
    small: list[str] = []
    for page in (1, 2, 3):
        answer = _page(escrow, case, page=page, limit=3)
        small += _ids(escrow, answer)
        _meta(escrow, answer, len(whole), 3)
    require(small == whole[:9], f"three pages of 3 are {small}, expected {whole[:9]}")


def _meta(escrow: Desk, answer: Answer, total: int, limit: int) -> None:
    for name, expected in (("total", total), ("pages", -(-total // limit))):
        if name in escrow.config.operations["list"].answer:
            shown = escrow.read("list", answer, name)
            require(shown == expected, f"{name} is {shown!r}, expected {expected}")


@rule("escrow.list.order", "The newest comes first", forbids="a list without an order", source="section 2")
def _order(service: Service, case: Case) -> None:
    """Three payments, a second apart, and two within a millisecond."""
    escrow = desk(service)
    escrow.need_answer("list", "ids")
    made = []
    for _ in range(3):
        made.append(escrow.make(case).id)
        service.wait(case, 1)
    shown = [one for one in _ids(escrow, _page(escrow, case, limit=20)) if one in made]
    require(shown == made[::-1], f"the list shows {shown}, expected {made[::-1]}")


@rule(
    "escrow.list.own",
    "A guardian's list is the guardian's",
    forbids="a list of everybody's payments",
    source="law 13",
    severity=CRITICAL,
)
def _own(service: Service, case: Case) -> None:
    """A payment is in its guardian's and in the admin's list, not in another guardian's."""
    escrow = desk(service)
    escrow.need_answer("list", "ids")
    escrow.need_role("other_guardian")
    payment = escrow.make(case)
    require(payment.id in _ids(escrow, _page(escrow, case)), "a payment is missing in its guardian's list")
    require(payment.id not in _all(escrow, case, "other_guardian"), "a payment is in another guardian's list")
    if "admin" in escrow.config.roles:
        require(payment.id in _ids(escrow, _page(escrow, case, "admin")), "a payment is missing in the admin's list")


@rule(
    "escrow.list.beyond",
    "A page beyond the end is empty and true",
    forbids="an error, or another total, beyond the end",
    source="section 2",
)
def _beyond(service: Service, case: Case) -> None:
    """Page 10,000."""
    escrow = desk(service)
    escrow.need_answer("list", "ids")
    escrow.make(case)
    total = len(_all(escrow, case))
    answer = escrow.do(case, "list", page=10_000, limit=20)
    require(escrow.done("list", answer), f"page 10,000 was answered {answer.summary}")
    require(_ids(escrow, answer) == [], f"page 10,000 holds {_ids(escrow, answer)}")
    _meta(escrow, answer, total, 20)


@rule(
    "escrow.list.bounds",
    "Pages and limits are bounded",
    forbids="a page of everything, or of nothing",
    source="section 2",
)
def _bounds(service: Service, case: Case) -> None:
    """Limits 0, -1, one above the most and a word; pages 0, -1 and a word."""
    escrow = desk(service)
    escrow.need("list")
    wrong: list[dict[str, Any]] = [{"limit": value} for value in (0, -1, escrow.config.most_rows + 1, "ten")]
    wrong += [{"page": value} for value in (0, -1, "one")]
    for values in wrong:
        escrow.refused("list", escrow.do(case, "list", **values), f"a list with {values}", by="invalid")
    answer = escrow.do(case, "list", limit=escrow.config.most_rows)
    require(escrow.done("list", answer), f"a list with the largest limit was answered {answer.summary}")


@rule(
    "escrow.list.filters", "Filters hold", forbids="a filter that is overlooked or taken on trust", source="section 2"
)
def _filters(service: Service, case: Case) -> None:
    """By state: a paid payment is not among the pending, and neither total counts both; an unknown state is refused."""
    escrow = desk(service)
    escrow.need_answer("list", "ids")
    escrow.need("list")
    if "{status}" not in escrow.config.operations["list"].path:
        return
    paid, open_now = escrow.capture(case), escrow.make(case)
    words = escrow.config.states
    among = {name: _all(escrow, case, status=words[name][0]) for name in ("completed", "pending")}
    for word, ids in ((words["completed"][0], among["completed"]), (words["pending"][0], among["pending"])):
        _meta(escrow, _page(escrow, case, status=word), len(ids), 20)
    require(paid.id in among["completed"] and open_now.id in among["pending"], "a filter by state loses a payment")
    require(
        paid.id not in among["pending"] and open_now.id not in among["completed"], "a filter by state is overlooked"
    )
    escrow.refused("list", escrow.do(case, "list", status="NO_SUCH_STATE"), "a state that nobody knows", by="invalid")


@rule(
    "escrow.list.days",
    "Days are days of Dhaka, both ends within",
    forbids="payments that fall between two days",
    source="section 2",
)
def _days(service: Service, case: Case) -> None:
    """A payment at 23:59:59.999 and one at midnight in Dhaka; a day each; and a window that ends before it starts."""
    escrow = desk(service)
    escrow.need_answer("list", "ids")
    escrow.need_frozen()
    if "{start}" not in escrow.config.operations["list"].path:
        return
    now = dhaka(service.world.now_ms())
    midnight_ms = round(now.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(DHAKA).timestamp() * 1000)
    ahead_ms = midnight_ms + 86_400_000 - service.world.now_ms()
    service.wait(case, (ahead_ms - 1) / 1000)
    first = escrow.make(case).id
    first_day = f"{dhaka(service.world.now_ms()):%Y-%m-%d}"
    service.wait(case, 0.001)
    second = escrow.make(case).id
    second_day = f"{dhaka(service.world.now_ms()):%Y-%m-%d}"
    for day, inside, outside in ((first_day, first, second), (second_day, second, first)):
        ids = _all(escrow, case, start=day, end=day)
        require(inside in ids, f"a payment of {day} in Dhaka is missing in the list of that day")
        require(outside not in ids, f"a payment of another day is in the list of {day}")
    answer = escrow.do(case, "list", start=second_day, end=first_day)
    escrow.refused("list", answer, "a window that ends before it starts", by="invalid")
