"""The payments' page: a board by what has become of them, and one of them with its code, its script, its time line."""

from typing import Any, NamedTuple

from bakong_scenarios.describing import plan
from bakong_simulator.console.page import MissingError, Page
from bakong_simulator.control.scheme_control import of_payment
from bakong_simulator.kernel.payments import Payment
from bakong_simulator.kernel.world import World
from bakong_simulator.kernel.worlds import DEFAULT

NEWEST = 60
POLLS = 30
# The board's columns: what each is called, and the states in it.
COLUMNS = {
    "Waiting": ("unpaid", "authorized"),
    "Paid": ("paid",),
    "Failed or over": ("failed", "cancelled", "expired"),
    "Gone back or disputed": ("refunded", "disputed"),
}


class Card(NamedTuple):
    """A payment on the board. until: when its code expires."""

    payment: Payment
    state: str
    amount: str
    minor: int | None
    currency: str
    until: int | None


class Happening(NamedTuple):
    """One thing on a time line, in words; kind: how it looks. link: a call's number."""

    at_ms: int
    kind: str
    text: str
    more: str = ""
    link: int | None = None


async def values(page: Page) -> dict[str, Any]:
    """The board's columns, or the payment that the query names."""
    world = page.world
    reference = page.asked("reference")
    if reference:
        return {
            "columns": None,
            "seen": _seen(page, reference),
            "scripts": _scripts(world, page.asked("scheme") or None),
        }
    cards = [card_of(payment) for payment in list(world.payments.values())[: -NEWEST - 1 : -1]]
    columns = {title: [card for card in cards if card.state in states] for title, states in COLUMNS.items()}
    return {"columns": columns, "seen": None, "scripts": (), "all": len(world.payments)}


def card_of(payment: Payment) -> Card:
    order, settlement = payment.order, payment.settlement
    minor = settlement.minor if settlement else (order.minor if order else None)
    currency = settlement.currency if settlement else order.currency if order else ""
    returned = settlement is not None and settlement.returned
    state = "refunded" if returned else payment.state.value
    return Card(payment, state, "", minor, currency, order.expires_at_ms if order else None)


def _seen(page: Page, reference: str) -> dict[str, Any]:
    world = page.world
    payment = world.payments.get((page.asked("scheme") or world.scheme().name, reference))
    if payment is None:
        raise MissingError(page.t("There is no such payment in this world"))
    dues = sorted(world.player.due_times(payment).values())
    return {
        "payment": payment,
        "card": card_of(payment),
        "facts": of_payment(world, payment),
        "plan": plan(payment.scenario) if payment.scenario else None,
        "can_change": not (payment.settlements or payment.pending or payment.has_ended),
        "payer_page": None if payment.settlements or payment.has_ended else payer_page(world, payment),
        "next_ms": dues[0] if dues else None,
        "line": time_line(world, payment),
    }


def payer_page(world: World, payment: Payment) -> str | None:
    """Where a browser approves the payment, as a path of this sandbox."""
    scheme = world.schemes[payment.scheme]
    path = scheme.payer_page(world.state(scheme), payment)
    return None if path is None else f"{'' if world.name == DEFAULT else f'/w/{world.name}'}{path}"


def _scripts(world: World, scheme: str | None) -> tuple[str, ...]:
    return world.library.names(scheme)


def time_line(world: World, payment: Payment) -> list[Happening]:
    """What has happened to a payment, in its order: shown, polls, paid, acknowledged, posted."""
    rows = [Happening(payment.begun_ms, "shown", "The code was shown")]
    match = {"scheme": payment.scheme, "reference": payment.reference}
    numbers = world.journal.matching(match)
    calls = [entry for number in numbers[-POLLS:] if (entry := world.journal.find(number))]
    rows += [
        Happening(
            call.at_ms,
            "bad" if call.fault else "poll",
            "Asked",
            f"{call.endpoint} → {call.status}{f' ({call.fault})' if call.fault else ''}",
            call.number,
        )
        for call in calls
    ]
    for one in payment.settlements:
        words = "A try to pay failed" if one.failed else "Paid"
        rows.append(
            Happening(one.at_ms, "failed" if one.failed else "paid", words, f"{one.from_account} → {one.to_account}")
        )
    acknowledged = of_payment(world, payment).get("acknowledgedDateMs")
    rows += [Happening(acknowledged, "paid", "Acknowledged")] if acknowledged else []
    for event in world.outbox.events.values():
        if event.payment == payment.reference:
            rows += [
                Happening(
                    tried.at_ms,
                    "hook",
                    "Webhook",
                    f"{event.message.type} → {tried.outcome.status or tried.outcome.error}",
                )
                for tried in event.tried
            ]
    return sorted(rows, key=lambda row: row.at_ms)
