"""A service's escrow under test: paying, refunding and releasing by the mapping. Judges nothing.

What every rule builds on and does not work is a PreconditionError; what is not mapped, NotCheckedError. Amounts are
poisha.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

import jmespath

from bakong_conformance.case import Case
from bakong_conformance.http import Answer
from bakong_conformance.rules import NotCheckedError, PreconditionError, RuleBrokenError, require
from bakong_conformance.service.escrow_config import METHODS, Escrow
from bakong_conformance.service.operation import Operation, fill, names_in
from bakong_conformance.service.shares import Shares, shares
from bakong_conformance.service.subject import Service
from bakong_conformance.service.taka_providers import Books, TakaProviders
from bakong_conformance.stand_ins.money import taka

AMOUNT = 15_000_00
RACERS = 8
OUTCOME_S = 75  # of the world's time: the queries after a lost answer come at 1, 2, 4, 8, 16, 30 s
_TEXT = re.compile(r"[0-9]+\.[0-9]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment that the service made; reference: its id at the provider, once there is one."""

    id: str
    job: str
    amount: int
    method: str
    answer: Answer
    reference: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """A payment as the service shows it: our words for states, poisha for amounts, None for what is not mapped."""

    state: str
    escrow: str | None
    refunded: int | None
    fee: int | None
    net: int | None
    transaction: Any
    raw: dict[str, Any]


class RefundRow(NamedTuple):
    id: str
    state: str
    minor: int | None


@dataclass(frozen=True, slots=True)
class Desk:
    """The escrow of a service."""

    service: Service
    config: Escrow

    # What is mapped

    @property
    def providers(self) -> TakaProviders:
        if self.service.taka is None:
            raise NotCheckedError("there is no bKash and no Nagad in the suite's hand")
        return self.service.taka

    def need(self, *operations: str) -> None:
        for name in operations:
            if name not in self.config.operations:
                raise NotCheckedError(f"the configuration maps no escrow.operations.{name}")

    def need_answer(self, operation: str, *fields: str) -> None:
        self.need(operation)
        for name in fields:
            if name not in self.config.operations[operation].answer:
                raise NotCheckedError(f"escrow.operations.{operation}.answer maps no {name!r}")

    def need_role(self, *roles: str) -> None:
        for name in roles:
            if name not in self.config.roles:
                raise NotCheckedError(f"the configuration maps no escrow.roles.{name}")

    def need_escrow_states(self, *states: str) -> None:
        self.need_answer("get", "escrow_state")
        for name in states:
            if name not in self.config.escrow_states:
                raise NotCheckedError(f"the configuration maps no escrow.escrow_states.{name}")

    def need_frozen(self) -> None:
        if self.service.config.time == "real":
            raise NotCheckedError("it needs a clock that stands still")

    def methods(self) -> list[str]:
        """Bkash and nagad, as far as both of their calls are mapped."""
        ends = {"bkash": ("bkash_create", "bkash_execute"), "nagad": ("nagad_create", "nagad_verify")}
        return [name for name in METHODS if all(one in self.config.operations for one in ends[name])]

    def need_method(self, *methods: str) -> None:
        for name in methods:
            if name not in self.methods():
                raise NotCheckedError(f"the configuration maps no payments by {name}")

    def methods_with(self, script: str) -> list[str]:
        """Those whose provider can play a script. Raises NotCheckedError."""
        known = [method for method in self.methods() if script in self.providers.scripts(method)]
        if not known:
            raise NotCheckedError(f"no provider here plays {script!r}")
        return known

    def any_method(self) -> str:
        if not (known := self.methods()):
            raise NotCheckedError("the configuration maps neither bkash_create and bkash_execute nor those of Nagad")
        return known[0]

    # Calls

    def do(
        self, case: Case | None, name: str, *, role: str = "guardian", key: str | None = None, **values: Any
    ) -> Answer:
        """One operation by a role, whatever comes back but a failure of the service's own."""
        self.need(name)
        self.need_role(role)
        given: dict[str, Any] = {
            "currency": self.config.currency,
            "reason": "JOB_CANCELLED",
            "callback": self.config.callback,
        }
        given |= {"page": 1, "limit": 20} | values
        operation = self.config.operations[name]
        if "?" in operation.path:
            operation = operation.model_copy(update={"path": without_unfilled_query(operation.path, given)})
        headers = fill(self.service.config.headers | self.config.roles[role], self.service.values)  # type: ignore[index]
        answer = self.service.perform(case, operation, headers=headers, key=key, **given)
        if answer.status == 500:
            raise RuleBrokenError(f"{name} answered {answer.summary}")
        return answer

    def done(self, name: str, answer: Answer) -> bool:
        return answer.status in self.config.operations[name].status

    def read(self, name: str, answer: Answer, field: str) -> Any:
        expression = self.config.operations[name].answer.get(field)
        return None if expression is None or answer.body is None else jmespath.search(expression, answer.body)

    def must(self, name: str, answer: Answer, about: str = "") -> Answer:
        """Raises PreconditionError where it was not done."""
        if not self.done(name, answer):
            raise PreconditionError(f"{about or name} was answered {answer.summary}")
        return answer

    def refused(self, name: str, answer: Answer, about: str, *, code: str = "", by: str = "conflict invalid") -> None:
        """The answer refuses, by a status of one of the kinds and, where codes are mapped, by its code."""
        require(not self.done(name, answer), f"{about} was taken: {answer.summary}")
        refusals = self.service.config.refusals
        known: tuple[int, ...] = ()
        for kind in by.split():
            known += self.config.forbidden if kind == "forbidden" else getattr(refusals, kind)
        require(answer.status in known, f"{about} was answered {answer.status}, expected {known}: {answer.summary}")
        if code and self.config.code and code in self.config.codes:
            shown = jmespath.search(self.config.code, answer.body or {})
            expected = self.config.codes[code]
            require(shown == expected, f"{about} has the code {shown!r}, expected {expected!r}")

    def at_once(self, work: Callable[[int], Answer], count: int = RACERS) -> list[Answer]:
        """The answers of so many calls at once."""
        return self.service.at_once([partial(work, number) for number in range(count)])

    # Amounts and states

    def amount(self, minor: int) -> Any:
        return taka(minor) if self.config.amounts == "text" else float(taka(minor))

    def minor(self, shown: Any) -> int | None:
        """Poisha of an amount in the form that the configuration says, or None."""
        if self.config.amounts == "text":
            return int(shown.replace(".", "")) if isinstance(shown, str) and _TEXT.fullmatch(shown) else None
        if isinstance(shown, bool) or not isinstance(shown, int | float):
            return None
        scaled = Decimal(str(shown)).scaleb(2)
        return int(scaled) if scaled == scaled.to_integral_value() else None

    def name_of(self, states: Mapping[Any, list[str]], shown: Any) -> str:
        return next((ours for ours, theirs in states.items() if shown in theirs), f"unknown ({shown!r})")

    def expected(self, minor: int) -> Shares:
        return shares(minor, self.config.fee_bps, self.config.caregiver_bps)

    # Payments

    def new_job(self, case: Case | None) -> str:
        """A job of the guardian's, that nobody has paid."""
        name = self.service.new_user()
        if "make_job" not in self.config.operations:
            return name
        role = "admin" if "admin" in self.config.roles else "guardian"
        answer = self.must("make_job", self.do(case, "make_job", role=role, job=name))
        made = self.read("make_job", answer, "job")
        return name if made is None else str(made)

    def asked(self, job: str, amount: int = AMOUNT, method: str = "") -> dict[str, Any]:
        method = method or self.any_method()
        return {"job": job, "amount": self.amount(amount), "method": self.config.methods[method]}  # type: ignore[index]

    def make(self, case: Case, amount: int = AMOUNT, method: str = "", job: str = "", **how: Any) -> Payment:
        """A payment that the service takes. Raises PreconditionError."""
        method, job = method or self.any_method(), job or self.new_job(case)
        answer = self.do(case, "create", **self.asked(job, amount, method) | how)
        return self.made(answer, job, amount, method)

    def made(self, answer: Answer, job: str, amount: int, method: str) -> Payment:
        self.must("create", answer, "a right payment")
        payment_id = self.read("create", answer, "id")
        if not isinstance(payment_id, str | int):
            raise PreconditionError(f"a payment was answered without an id: {answer.summary}")
        return Payment(str(payment_id), job, amount, method, answer)

    def begin(self, case: Case, payment: Payment, **how: Any) -> Payment:
        """The same with a payment open at the provider. Raises PreconditionError."""
        name = f"{payment.method}_create"
        answer = self.must(name, self.start(case, payment, **how))
        reference = self.read(name, answer, "reference")
        if not isinstance(reference, str):
            raise PreconditionError(f"{name} answered no reference: {answer.summary}")
        return Payment(payment.id, payment.job, payment.amount, payment.method, answer, reference)

    def start(self, case: Case, payment: Payment, **how: Any) -> Answer:
        values = {"payment": payment.id, "amount": self.amount(payment.amount)} | how
        return self.do(case, f"{payment.method}_create", **values)

    def finish(self, case: Case | None, payment: Payment, **how: Any) -> Answer:
        """Execute or verify, whatever comes back."""
        values = {"payment": payment.id, "reference": payment.reference} | how
        return self.do(case, self.end(payment), **values)

    def end(self, payment: Payment) -> str:
        return "bkash_execute" if payment.method == "bkash" else "nagad_verify"

    def approve(self, case: Case, payment: Payment, script: str = "ok") -> None:
        self.providers.approve(case, payment.method, payment.reference, script)

    def open(self, case: Case, amount: int = AMOUNT, method: str = "", script: str = "ok") -> Payment:
        """A payment that the customer has approved, and that nobody has executed or verified."""
        payment = self.begin(case, self.make(case, amount, method))
        self.approve(case, payment, script)
        return payment

    def capture(self, case: Case, amount: int = AMOUNT, method: str = "", script: str = "ok") -> Payment:
        """A payment that is paid. Raises PreconditionError."""
        payment = self.open(case, amount, method, script)
        answer = self.must(self.end(payment), self.finish(case, payment))
        view = self.view(case, payment)
        if view.state != "completed":
            raise PreconditionError(f"a payment that was paid is {view.state}: {answer.summary}")
        return payment

    def view(self, case: Case | None, payment: Payment) -> View:
        return self.view_in(self.must("get", self.do(case, "get", payment=payment.id)))

    def view_in(self, answer: Answer, name: str = "get") -> View:
        raw = {field: self.read(name, answer, field) for field in self.config.operations[name].answer}
        minor = {field: self.minor(raw.get(field)) for field in ("refunded", "fee", "net")}
        escrow = self.name_of(self.config.escrow_states, raw["escrow_state"]) if "escrow_state" in raw else None
        state = self.name_of(self.config.states, raw.get("state"))
        return View(state, escrow, minor["refunded"], minor["fee"], minor["net"], raw.get("transaction"), raw)

    def is_now(self, case: Case, payment: Payment, state: str, escrow: str = "", about: str = "a payment") -> View:
        """The view of a payment that has these states. Raises RuleBrokenError."""
        view = self.view(case, payment)
        require(view.state == state, f"{about} is {view.state}, expected {state}")
        if escrow and view.escrow is not None and escrow in self.config.escrow_states:
            require(view.escrow == escrow, f"the escrow of {about} is {view.escrow}, expected {escrow}")
        return view

    def books(self, payment: Payment) -> Books | None:
        """None where the provider does not show them."""
        return self.providers.books(payment.method, payment.reference)

    def at_provider(self, payment: Payment, *, captured: int | None = None, returned: int | None = None) -> None:
        """The provider has taken and paid back so much, where it shows its books. Raises RuleBrokenError."""
        if (books := self.books(payment)) is None:
            return
        if captured is not None:
            require(books.captured == captured, f"the provider took {taka(books.captured)}, expected {taka(captured)}")
        if returned is not None:
            back = sum(books.returned)
            require(back == returned, f"the provider paid back {taka(back)}, expected {taka(returned)}")

    def outcome(self, case: Case) -> None:
        """As long as it takes to learn what became of a call without an answer."""
        self.service.wait(case, max(OUTCOME_S, self.service.config.settle_s))

    # Refunds, release

    def refund(
        self, case: Case | None, payment: Payment, amount: Any = None, role: str = "admin", key: str | None = None
    ) -> Answer:
        """A refund of so many poisha, of another value, or (None) of all that is available."""
        values: dict[str, Any] = {"payment": payment.id}
        if amount is not None:
            values["amount"] = self.amount(amount) if type(amount) is int else amount
        return self.do(case, "refund", role=role, key=key, **values)

    def refunded(self, case: Case, payment: Payment, amount: int | None = None) -> str:
        """The id of a refund that was taken. Raises PreconditionError."""
        answer = self.must("refund", self.refund(case, payment, amount), "a right refund")
        return str(self.read("refund", answer, "id"))

    def refund_rows(self, case: Case, payment: Payment) -> list[RefundRow]:
        self.need_answer("refunds", "ids", "states", "amounts")
        answer = self.must("refunds", self.do(case, "refunds", payment=payment.id))
        columns = [self.read("refunds", answer, name) or [] for name in ("ids", "states", "amounts")]
        require(len({len(column) for column in columns}) == 1, f"refunds lack an id, a status or an amount: {columns}")
        return [
            RefundRow(str(row), self.name_of(self.config.refund_states, state), self.minor(amount))
            for row, state, amount in zip(*columns, strict=True)
        ]

    def release(self, case: Case | None, payment: Payment, role: str = "admin") -> Answer:
        return self.do(case, "release", role=role, payment=payment.id)

    def released_shares(self, name: str, answer: Answer) -> Shares:
        """Of a release's answer. Raises RuleBrokenError for what is no amount."""
        parts = {field: self.minor(self.read(name, answer, field)) for field in ("fee", "caregiver", "agency")}
        require(None not in parts.values(), f"a release tells no exact amounts: {answer.summary}")
        return Shares(**{field: value or 0 for field, value in parts.items()})

    def complete_job(self, case: Case, payment: Payment) -> None:
        role = "admin" if "admin" in self.config.roles else "guardian"
        self.must("complete_job", self.do(case, "complete_job", role=role, job=payment.job))


def without_unfilled_query(path: str, values: Mapping[str, Any]) -> str:
    """The path without parameters whose {name} has no value.

    >>> without_unfilled_query("/p?page={page}&status={status}", {"page": 1})
    '/p?page={page}'
    """
    head, _, query = path.partition("?")
    kept = [part for part in query.split("&") if names_in(part) <= set(values)]
    return f"{head}?{'&'.join(kept)}" if kept else head


def desk(service: Service) -> Desk:
    """The escrow of the service. Raises NotCheckedError where the configuration has none."""
    if service.config.escrow is None:
        raise NotCheckedError("the configuration has no 'escrow'")
    escrow = Desk(service, service.config.escrow)
    if escrow.config.sign_in and not service.values.get("signed_in"):
        _sign_in(escrow, escrow.config.sign_in)
    return escrow


def _sign_in(escrow: Desk, operation: Operation) -> None:
    """A token for each role, once for the run. Raises PreconditionError."""
    service = escrow.service
    for role in escrow.config.roles:
        answer = service.perform(None, operation, headers={}, role=role, role_name=role.upper())
        token = jmespath.search(operation.answer.get("token", "token"), answer.body or {})
        if answer.status not in operation.status or token is None:
            raise PreconditionError(f"escrow.sign_in of {role} was answered {answer.summary}")
        service.values[f"{role}_token"] = token
    service.values["signed_in"] = True
