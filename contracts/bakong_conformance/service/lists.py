"""Rules of what answers many payments at once: bulk checks and the pages of a history."""

from bakong_conformance.case import Case
from bakong_conformance.http import Answer
from bakong_conformance.rules import NotCheckedError, PreconditionError, Suite, require
from bakong_conformance.service.subject import Service

SUITE = Suite("service")
rule = SUITE.rule
UNKNOWN = "0" * 32


def _bulk(service: Service, case: Case, asked: list[str]) -> Answer:
    service.need("bulk_check")
    return service.do(case, "bulk_check", md5s=asked)


def _answered(service: Service, answer: Answer, name: str) -> Answer:
    if not service.done(name, answer):
        raise PreconditionError(f"{name} answered {answer.summary}")
    return answer


@rule("lists.order", "A bulk check answers row by row, in order", forbids="rows in another order, or rows left out")
def _order(service: Service, case: Case) -> None:
    """Three payments and an unknown md5, in no order."""
    service.need("bulk_check")
    made = [service.create(case).md5 for _ in range(3)]
    asked = [made[2], UNKNOWN, made[0], made[1]]
    md5s = service.read("bulk_check", _answered(service, _bulk(service, case, asked), "bulk_check"), "md5s")
    require(md5s == asked, f"asked for {asked}, answered {md5s}")


@rule(
    "lists.doubles",
    "What is asked twice is answered twice",
    forbids="a row that is left out, by which all later rows belong to other payments",
)
def _doubles(service: Service, case: Case) -> None:
    """Two payments, the first of them asked for again at the end."""
    service.need("bulk_check")
    first, second = service.create(case).md5, service.create(case).md5
    asked = [first, second, first]
    answer = _bulk(service, case, asked)
    if answer.status in service.config.refusals.invalid:
        raise NotCheckedError("the service refuses an md5 that is asked for twice")
    md5s = service.read("bulk_check", _answered(service, answer, "bulk_check"), "md5s")
    require(md5s == asked, f"asked for {asked}, answered {md5s}")


@rule(
    "lists.most",
    "A bulk check has an end",
    forbids="a list without end, or one that is refused at its limit",
)
def _most(service: Service, case: Case) -> None:
    """As many md5s as may be asked for at once, and one more."""
    service.need("bulk_check")
    most, known = service.config.bulk_most, service.create(case).md5
    asked = [known, *(f"{number:032x}" for number in range(1, most + 1))]
    answer = _bulk(service, case, asked[:most])
    require(service.done("bulk_check", answer), f"{most} md5s were answered {answer.summary}")
    answer = _bulk(service, case, asked)
    require(400 <= answer.status < 500, f"{most + 1} md5s were answered {answer.summary}")


@rule(
    "lists.states",
    "A bulk check tells each payment's own state",
    forbids="one payment's state beside another's md5, or states from before a payment",
)
def _states(service: Service, case: Case) -> None:
    """Three payments of which the second is paid, asked for in another order before and after."""
    service.need("bulk_check")
    if "states" not in service.operation("bulk_check").answer:
        raise NotCheckedError("the configuration maps no states in the answer of bulk_check")
    made = [service.create(case) for _ in range(3)]
    asked = [made[1], made[0], made[2]]
    _bulk(service, case, [payment.md5 for payment in asked])
    service.pay(case, made[1])
    service.becomes(case, made[1], "paid")
    answer = _answered(service, _bulk(service, case, [payment.md5 for payment in asked]), "bulk_check")
    states = [service.state(theirs) for theirs in service.read("bulk_check", answer, "states") or []]
    require(states == ["paid", "pending", "pending"], f"the states are {states}, the first payment alone is paid")


@rule(
    "lists.history",
    "The history shows a user's own payments, newest first",
    forbids="another user's payments, or another order",
)
def _history(service: Service, case: Case) -> None:
    """Three payments of a user, a second apart, and one of another; a minute later the first of them is paid."""
    service.need("history")
    user = service.new_user()
    payments = service.create_many(case, user, 3, wait_s=1)
    made = [payment.md5 for payment in payments]
    service.wait(case, 1)
    service.create(case)
    service.wait(case, 60 if service.config.time != "real" else 1)
    service.pay(case, payments[0])
    service.becomes(case, payments[0], "paid")
    answer = _answered(service, service.do(case, "history", user=user), "history")
    md5s = service.read("history", answer, "md5s")
    expected = made if service.config.history == "oldest" else made[::-1]
    require(md5s == expected, f"the history is {md5s}, expected {expected}")


@rule(
    "lists.history-whole",
    "The history shows payments in every state",
    forbids="a history that hides what failed, expired or was paid",
)
def _whole(service: Service, case: Case) -> None:
    """A paid, a failed and an expired payment, and an open one."""
    service.need("history")
    user = service.new_user()
    made = service.create_many(case, user, 3)
    service.pay(case, made[0])
    service.pay(case, made[1], outcome="failed")
    service.wait(case, service.config.expires_after_s + 60)
    if (last := service.beside(case, user)) is not None:
        made.append(last)
    states = [service.status(case, payment) for payment in made]
    answer = _answered(service, service.do(case, "history", user=user), "history")
    md5s = service.read("history", answer, "md5s") or []
    for payment, state in zip(made, states, strict=True):
        require(payment.md5 in md5s, f"a payment that is {state} is not in the history")


@rule(
    "lists.pages",
    "The pages of a history hold each payment once",
    forbids="a payment that is on two pages, or on none",
)
def _pages(service: Service, case: Case) -> None:
    """Seven payments, three of them at one instant, in pages of three."""
    service.need("history")
    path = service.operation("history").path
    if not ("{limit}" in path and "{offset}" in path):
        raise NotCheckedError("the path of history holds no {limit} and {offset}")
    user = service.new_user()
    made = [payment.md5 for payment in service.create_many(case, user, 3)]
    for _ in range(4):
        service.wait(case, 1)
        made.append(service.create(case, user).md5)
    service.wait(case, 1)
    pages = []
    for offset in (0, 3, 6):
        answer = _answered(service, service.do(case, "history", user=user, limit=3, offset=offset), "history")
        pages.append(service.read("history", answer, "md5s") or [])
    lengths, shown = [len(page) for page in pages], [md5 for page in pages for md5 in page]
    require(lengths == [3, 3, 1], f"seven payments in pages of three: the pages hold {lengths}")
    require(sorted(shown) == sorted(made), f"the pages hold {shown}, the payments are {made[::-1]}")
    if service.config.history == "oldest":
        require(shown[3:] == made[3:], f"the pages end with {shown[3:]}, the newest are {made[3:]}")
    else:
        require(shown[:4] == made[:2:-1], f"the pages begin with {shown[:4]}, the newest are {made[:2:-1]}")
