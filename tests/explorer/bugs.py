"""Seeded bugs of the payment core: each a small edit of its source, as somebody might write it by mistake.

They are put into the source as it is imported, or into the functions of a module that is there already, in a process
of their own; no file is changed. tests/explorer/measure.py lives with each of them until a law breaks.
"""

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2] / "service" / "bakong_service"


class Bug(NamedTuple):
    """A name, what is wrong, the file, and the edit: the text occurs there once."""

    name: str
    file: str
    before: str
    after: str


UNIT, SETTLE, ASK, POLL = (
    f"usecases/{name}.py" for name in ("unit_of_work", "settle", "ask_provider", "poll_payments")
)
WORKER, DELIVER, KEYS = (f"usecases/{name}.py" for name in ("worker", "deliver", "idempotency"))
PAYMENTS, SUBS, POLLING, BREAKER = (f"domain/{name}.py" for name in ("payments", "subscriptions", "polling", "breaker"))
ROWS, POLLS, HOOKS = (f"adapters/sql/records_{name}.py" for name in ("payments", "polls", "webhooks"))
ORDERS, SEEN, CLOSING, GIVING, EVENTS = (
    *(f"usecases/orders/{name}.py" for name in ("outcome", "refunds_seen", "closing", "refund")),
    "usecases/provider_events.py",
)
LIMITS = "adapters/memory_admission.py"
BOOK, NUMBERS = "domain/escrow_book.py", "domain/escrow_numbers.py"
REFUNDING, CONCLUDING, OUTCOME, TENDING, RELEASING, PAYING = (
    f"usecases/escrow/{name}.py" for name in ("refunding", "concluding", "outcome", "tending", "releasing", "paying")
)

BUGS = (
    Bug("no-wake-after-event", UNIT, "    if unit.notified:\n", "    if unit.notified and core.stopping:\n"),
    Bug("event-twice", SETTLE, "        unit.notify(EVENTS[changed.status], payment_facts(changed), changed.callback)\n", "        for _ in range(2):\n            unit.notify(EVENTS[changed.status], payment_facts(changed), changed.callback)\n"),
    Bug("no-event-of-expiry", SETTLE, "    if changed.purpose.sells_plan:\n", "    if changed.purpose.sells_plan and changed.status is not PaymentStatus.EXPIRED:\n"),
    Bug("status-without-audit", SETTLE, '    unit.audit("payment.status", f"payment/{payment.id}", before, after)\n', ""),
    Bug("flag-without-audit", SETTLE, "    if unit.records.flag_payment(payment.id, value, why, unit.at_ms):\n", "    if not unit.records.flag_payment(payment.id, value, why, unit.at_ms):\n"),
    Bug("any-amount-is-enough", SETTLE, "    mismatch = report.mismatch(payment)\n", "    mismatch = None\n"),
    Bug("more-is-enough", PAYMENTS, "        if self.money != payment.money:\n", "        if self.money.minor < payment.money.minor:\n"),
    Bug("bill-paid-twice", SETTLE, "payment.bill_ms != running.next_billing_ms:\n", "payment.bill_ms is None:\n"),
    Bug("upgrade-of-an-upgrade", SETTLE, "    if running is None or has_it or unit.at_ms", "    if running is None or unit.at_ms"),
    Bug("upgrade-without-event", SETTLE, "    event = EventType.SUBSCRIPTION_UPGRADED\n    unit.save(running, better", "    event = None\n    unit.save(running, better"),
    Bug("paid-without-grant", SETTLE, "    if stored is changed:\n", "    if stored is changed and not changed.late:\n"),
    Bug("grant-by-whoever", SETTLE, "    if not unit.records.change_payment(changed, payment.status, why):\n        return unit.records.payment_by_id(payment.id) or payment\n", "    unit.records.change_payment(changed, payment.status, why)\n"),
    Bug("stale-after-the-call", ASK, "        held = unit.records.payments_by_id(ids)\n", "        held = list(payments)\n"),
    Bug("state-is-not-compared", ROWS, "_P.id == payment_id, _P.status == expected)", "_P.id == payment_id)"),
    Bug("late-is-forgotten", PAYMENTS, "late=self.status is not Status.PENDING", "late=self.status is Status.FAILED"),
    Bug("expired-is-final", PAYMENTS, "    Status.EXPIRED: frozenset({Status.PAID}),\n", "    Status.EXPIRED: frozenset(),\n"),
    Bug("payable-at-its-end", PAYMENTS, "        return now_ms < self.expires_ms\n", "        return now_ms <= self.expires_ms + 1_000\n"),
    Bug("in-time-by-our-clock", SETTLE, "    if _ended_first(unit, payment, report):\n", "    if False:\n"),
    Bug("ended-when-asked", ASK, "    is_over = not payment.is_live(asked_ms) if answered else ends_unanswered(payment, unit.at_ms)\n    if payment.is_open and is_over and not payment.is_live(unit.at_ms):\n", "    is_over = not payment.is_live(asked_ms + 60_000)\n    if payment.is_open and is_over:\n"),
    Bug("no-answer-is-the-last", ASK, "        next_ms = _next_ms(unit, payment, answered=answered)\n", "        next_ms = _next_ms(unit, payment, answered=answered) if answered else None\n"),
    Bug("expired-while-silent", ASK, "else ends_unanswered(payment, unit.at_ms)\n", "else True\n"),
    Bug("asked-once", POLLING, "    if payment.is_live(at_ms):\n", "    if payment.is_live(at_ms + 890_000):\n"),
    Bug("late-money-is-not-looked-for", POLLING, "if over_ms < GIVE_UP_MS else None", "if over_ms < 0 else None"),
    Bug("given-up-after-an-hour", POLLING, "GIVE_UP_MS = 24 * HOUR_MS", "GIVE_UP_MS = HOUR_MS"),
    Bug("a-lease-without-end", POLL, "unit.at_ms + polling.lease_ms, polling.batch)", "unit.at_ms + 10_000 * polling.lease_ms, polling.batch)"),
    Bug("breaker-that-stays-open", BREAKER, "        return at_ms >= self.open_until_ms\n", "        return not self.is_silent\n"),
    Bug("breaker-that-learns-nothing", BREAKER, '    def succeeded(self) -> "Breaker":\n        return Breaker()\n', '    def succeeded(self) -> "Breaker":\n        return self\n'),
    Bug("timer-that-stands", WORKER, "            self.stop()\n            self._timer = None\n            self._call_at(", "            self.stop()\n            self._call_at("),
    Bug("dead-after-an-error", WORKER, "            self._call_at(self._core.timers.now_ms() + AGAIN_MS)\n", ""),
    Bug("wake-up-lost-at-work", WORKER, "            self._again = True\n", "            pass\n"),
    Bug("the-later-of-two-calls", WORKER, "self._due_ms <= due_ms):\n", "self._due_ms >= due_ms):\n"),
    Bug("never-looks-for-others", WORKER, "        if self._core.look_ms is not None:\n", "        if self._core.look_ms is not None and next_ms is not None:\n"),
    Bug("error-is-delivered", DELIVER, "    if status is not None and 200 <= status < 300:\n", "    if status is not None and 200 <= status < 600:\n"),
    Bug("silence-is-delivered", DELIVER, "    if status is not None and 200 <= status < 300:\n", '    if result == "timeout" or (status is not None and 200 <= status < 300):\n'),
    Bug("given-up-after-three", DELIVER, "    if attempts < len(RETRY_AFTER_S) and", "    if attempts < 3 and"),
    Bug("webhook-lease-without-end", DELIVER, "LEASE_MS = 60_000\n", "LEASE_MS = 600_000_000\n"),
    Bug("another-id-each-try", DELIVER, "sign(core.webhook_secrets, notification.id, now_ms", 'sign(core.webhook_secrets, "msg_" + core.ids.new_id(), now_ms'),
    Bug("stamp-of-the-event", DELIVER, "notification.id, now_ms // 1000,", "notification.id, notification.created_ms // 1000,"),
    Bug("held-for-ever", DELIVER, "        self._held_ids.discard(notification.id)\n", ""),
    Bug("line-that-never-ends", DELIVER, "            del self._lines[line]\n", ""),
    Bug("given-back-is-lost", HOOKS, ".where(_W.id.in_(ids)).values(next_try_ms=at_ms)", ".where(_W.id.in_(ids)).values(next_try_ms=None)"),
    Bug("key-without-its-answer", KEYS, "            if not unit.records.add_answer(key.answered(status(result), render(result), unit.at_ms)):\n                raise _TakenError\n", "            unit.records.add_answer(key.answered(status(result), render(result), unit.at_ms))\n"),
    Bug("key-for-any-body", KEYS, "    key.check(answer)\n", ""),
    Bug("grace-an-hour-short", SUBS, "(grace_ms if self.status", "(grace_ms - 3_600_000 if self.status"),
    Bug("renewed-from-today", SUBS, "        next_billing_ms=old_ms + CYCLE_MS,\n", "        next_billing_ms=max(old_ms, at_ms) + CYCLE_MS,\n"),
    Bug("paying-keeps-the-cancellation", SUBS, "        cancel_at_ms=None,\n        updated_ms=at_ms,\n    )\n    if at_ms", "        updated_ms=at_ms,\n    )\n    if at_ms"),
    Bug("cancelled-at-once", SUBS, "replace(subscription, cancel_at_ms=subscription.next_billing_ms, updated_ms=at_ms)", "replace(subscription, cancel_at_ms=at_ms, updated_ms=at_ms)"),
    Bug("downgrade-a-day-early", SUBS, "min(end_ms, self.pending_at_ms)", "min(end_ms, self.pending_at_ms - 86_400_000)"),
    Bug("one-call-too-many", POLLS, "_C.calls < limit", "_C.calls <= limit"),
    Bug("one-request-too-many", LIMITS, "        admitted = len(log) < self._limit\n", "        admitted = len(log) <= self._limit\n"),
    Bug("two-executes-at-once", CONCLUDING, '    if attempt.busy_ms is not None and attempt.busy_ms > unit.at_ms:\n        return "busy"\n', ""),
    Bug("silent-execute-is-forgotten", CONCLUDING, "    was_executed = attempt.executes > 0 and provider.finalise is not None\n", "    was_executed = False\n"),
    Bug("ended-while-processing", TENDING, "    if payment.state is not PaymentState.PENDING or is_payable", "    if payment.state not in (PaymentState.PENDING, PaymentState.PROCESSING) or is_payable"),
    Bug("release-while-money-goes-back", BOOK, "    if book.processing:\n", "    if book.processing > book.captured:\n"),
    Bug("shares-of-all-that-was-paid", BOOK, "    parts = split(book.remaining, book.rates)\n", "    parts = split(book.captured, book.rates)\n"),
    Bug("refund-is-not-reserved", BOOK, "    after = replace(book, processing=book.processing + part, refund_count", "    after = replace(book, refund_count"),
    Bug("failed-refund-stays-reserved", BOOK, "    after = replace(book, processing=book.processing - part, refund_count=book.refund_count - 1)\n", "    after = replace(book, refund_count=book.refund_count - 1)\n"),
    Bug("held-for-47-hours", NUMBERS, "HOLD_MS = 48 * 3_600_000", "HOLD_MS = 47 * 3_600_000"),
    Bug("surplus-is-kept", OUTCOME, "        _surplus(unit, payment, attempted)\n        return SURPLUS\n", "        return SURPLUS\n"),
    Bug("held-without-event", OUTCOME, "    tell(unit, EventType.ESCROW_HELD, payment)\n", ""),
    Bug("late-money-is-not-late", OUTCOME, "    late = has_ended or _came_late(before, attempt, attempted)\n", "    late = False\n"),
    Bug("refund-not-looked-for", REFUNDING, "    if refund.tries > 1:\n", "    if refund.tries > 1_000:\n"),
    Bug("refund-lease-without-end", REFUNDING, "LEASE_MS = 600_000  #", "LEASE_MS = 600_000_000  #"),
    Bug("second-refund-never-begins", REFUNDING, "    _promote(unit, payment)\n    if is_due", "    if is_due"),
    Bug("refund-settled-twice", REFUNDING, "    if held.status is not RefundState.PROCESSING:\n        return held\n", ""),
    Bug("not-released-after-a-refund", REFUNDING, '        let_go(unit, payment, "48 hours after the job, once its refund was settled")\n', "        pass\n"),
    Bug("lost-refund-answer-fails", REFUNDING, "    if isinstance(report, NoAnswer) and report.why in FINAL:\n", "    if isinstance(report, NoAnswer):\n"),
    Bug("second-payment-is-kept", ORDERS, "    if is_second:\n        _give_back(unit, made, payment)\n        return DUPLICATE\n", "    if is_second:\n        return DUPLICATE\n"),
    Bug("second-payment-pays-too", ORDERS, "    if is_second:\n        _give_back(unit, made, payment)\n        return DUPLICATE\n", ""),
    Bug("paid-order-not-entered", ORDERS, "    enter_payment(unit, made, payment.money, cost, at_ms)\n", "    if not payment.late:\n        enter_payment(unit, made, payment.money, cost, at_ms)\n"),
    Bug("ended-order-payment-stays-payable", ORDERS, "    if _stays_open(unit, payment):\n", "    if False:\n"),
    Bug("late-order-without-event", ORDERS, "    event = EventType.PAYMENT_LATE if payment.late else EventType.PAYMENT_COMPLETED\n", "    event = EventType.PAYMENT_COMPLETED\n"),
    Bug("closing-hears-no-payment", CLOSING, "    if isinstance(report, Paid | Refunded):\n", "    if isinstance(report, Refunded):\n"),
    Bug("closed-without-an-answer", CLOSING, "    if isinstance(report, NoAnswer) and not is_over", "    if isinstance(report, NoAnswer) and is_over"),
    Bug("refund-asked-without-end", GIVING, "    waiting = replace(held, next_try_ms=unit.at_ms + AGAIN_MS, updated_ms=unit.at_ms)\n", "    waiting = replace(held, next_try_ms=None, updated_ms=unit.at_ms)\n"),
    Bug("refund-ended-twice", GIVING, "    if held.status is not RefundStatus.PENDING:\n        return held\n", ""),
    Bug("pending-refunds-are-not-counted", GIVING, "one.status is not RefundStatus.FAILED", "one.status is RefundStatus.COMPLETED"),
    Bug("refunds-of-others-are-not-seen", SEEN, "    refunded_elsewhere(unit, payment, shown)\n    return True\n", "    return True\n"),
    Bug("event-of-nobody-is-forgotten", EVENTS, "        wait_ms = AGAIN_MS[event.tries] if event.tries < len(AGAIN_MS) else None\n", "        wait_ms = None\n"),
    Bug("misfit-of-an-order-asks-nobody", ORDERS, '    if order.status in _UNPAID:\n        move_order(unit, order, OrderStatus.NEEDS_REVIEW, payment.id, f"{payment.id}: {verdict}")\n', ""),
    Bug("misfit-without-event", ORDERS, "    unit.happened(OrderEventType.PAYMENT_AMOUNT_MISMATCH, order.id, payment.id, shown)\n", ""),
    Bug("misfit-of-an-ended-job-asks-nobody", OUTCOME, "        if before.review is None:\n            save(unit, before, replace(before, review=MISMATCH), verdict)\n        return\n", "        return\n"),
    Bug("disputed-order-stays-paid", ORDERS, '    if word != "won" and order.status is OrderStatus.PAID:\n', '    if word == "lost" and order.status is OrderStatus.PAID:\n'),
    Bug("won-order-stays-in-review", ORDERS, "        waits = payment.late and unit.core.shop.late_payment is LatePolicy.REVIEW\n", "        waits = unit.core.shop.late_payment is LatePolicy.REVIEW\n"),
    Bug("first-word-of-a-dispute-counts", ORDERS, '    if word == made.dispute or (made.dispute in ("won", "lost") and word == "open"):\n', "    if made.dispute:\n"),
    Bug("dispute-without-event", ORDERS, '    unit.happened(\n        OrderEventType.PAYMENT_DISPUTED, order.id, payment.id, facts(order, made, payment) | {"dispute": word}\n    )\n', ""),
    Bug("dispute-is-listed-once", ORDERS, "        unit.records.change_transaction(dispute_id, status=word)\n", "        pass\n"),
    Bug("disputed-is-given-back", GIVING, '    if made.disputed:\n        raise ShopError("payment_disputed", f"the payment {payment_id} is disputed")\n', ""),
    Bug("dispute-of-what-went-back-is-dropped", SETTLE, "        shown = report.done_ms, report.raw, report.parts, report.dispute\n", "        shown = report.done_ms, report.raw, report.parts\n"),
    Bug("sealed-with-the-old-key", "adapters/sealing.py", "        self.key_id = _key_id(secrets[0])\n", "        self.key_id = _key_id(secrets[-1])\n"),
    Bug("window-of-59-seconds", LIMITS, "log[0] <= now_us - self._window_us", "log[0] <= now_us - self._window_us + 1_000_000"),
)  # fmt: skip
BY_NAME = {bug.name: bug for bug in BUGS}


def source_with(bug: Bug) -> str:
    """The file as the bug has it. Raises ValueError where the edit does not fit."""
    source = (ROOT / bug.file).read_text("utf-8")
    if source.count(bug.before) != 1:
        raise ValueError(f"{bug.name}: {bug.file} has the text {source.count(bug.before)} times, expected once")
    return source.replace(bug.before, bug.after)


class _Planter(importlib.abc.MetaPathFinder):
    """Gives one module the source that the bug has."""

    def __init__(self, bug: Bug) -> None:
        self._bug = bug
        self._module = "bakong_service." + bug.file.removesuffix(".py").replace("/", ".")

    def find_spec(self, fullname, _path, _target=None):
        if fullname != self._module:
            return None
        path = str(ROOT / self._bug.file)
        bug = self._bug

        class Loader(importlib.machinery.SourceFileLoader):
            def get_code(self, name):
                return compile(source_with(bug), path, "exec", dont_inherit=True)

        return importlib.machinery.ModuleSpec(fullname, Loader(fullname, path), origin=path)


def plant(name: str) -> None:
    """From now on, in this process. Raises RuntimeError where the service is imported already."""
    if any(module.startswith("bakong_service") for module in sys.modules):
        raise RuntimeError("the service is imported already: a bug is planted before")
    sys.meta_path.insert(0, _Planter(BY_NAME[name]))


def patch(name: str) -> bool:
    """Put a bug into the functions of its module, which is imported already: no import, and warm caches.

    False, and nothing is changed, where the edit is not of functions that can be had by their names alone: of a
    constant, of a table, of a statement that is made once.
    """
    bug = BY_NAME[name]
    path = str(ROOT / bug.file)
    before = compile((ROOT / bug.file).read_text("utf-8"), path, "exec", dont_inherit=True)
    after = compile(source_with(bug), path, "exec", dont_inherit=True)
    changed = list(_changed(before, after))
    if any(code is None for _, code in changed):
        return False
    module = import_module("bakong_service." + bug.file.removesuffix(".py").replace("/", "."))
    functions = [_function(module, qualname) for qualname, _ in changed]
    if None in functions:
        return False
    for function, (_, code) in zip(functions, changed, strict=True):
        function.__code__ = code
    return True


def _changed(before: CodeType, after: CodeType) -> Iterator[tuple[str, CodeType | None]]:
    """The functions of a module or a class that differ, by name; None for a body that does."""
    inner = [[one for one in body.co_consts if isinstance(one, CodeType)] for body in (before, after)]
    if _own(before) != _own(after) or len(inner[0]) != len(inner[1]):
        yield after.co_qualname, None
        return
    for old, new in zip(*inner, strict=True):
        if _whole(old) == _whole(new):
            continue
        if new.co_flags & 0x2:  # a function has names of its own; the body of a class has not
            yield new.co_qualname, new
        else:
            yield from _changed(old, new)


def _own(code: CodeType) -> tuple[object, ...]:
    """What a body does, without the functions that it makes, and without the numbers of its lines."""
    consts = tuple(repr(one) for one in code.co_consts if not isinstance(one, CodeType))
    return (code.co_code, consts, code.co_names, code.co_varnames, code.co_freevars)


def _whole(code: CodeType) -> tuple[object, ...]:
    return (*_own(code), *(_whole(one) for one in code.co_consts if isinstance(one, CodeType)))


def _function(module: Any, qualname: str) -> Any:
    """A function or method, without what it is wrapped in; None where there is none of this name."""
    value = module
    for name in qualname.split("."):
        value = vars(value).get(name)
    for name in ("__func__", "fget", "__wrapped__"):
        value = getattr(value, name, value)
    return value if hasattr(value, "__code__") else None
