"""What a call is about: payments, and so the scripts whose faults may strike it.

A check is about the payment of its md5, or of the transaction that it asks for; a check of a list about all of its
own; a deep link about the payment of its code; the look-up of an account about what a magic account names.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from bakong_scenarios import FaultRule, Scenario, by_magic
from bakong_schemes.bakong.fake.scanning import ScanError, scan
from bakong_schemes.bakong.fake.transactions import Transaction
from bakong_simulator.kernel.payments import Payment
from bakong_simulator.kernel.world import World


class CallTarget(NamedTuple):
    """number: the call's, of its one payment, else of the endpoint. payment: the one that it is about.

    scripts: those that it falls under, each with the call's number there; None is the world's.
    """

    number: int
    payment: Payment | None
    scripts: tuple[tuple[Scenario | None, int], ...]

    @property
    def md5(self) -> str | None:
        return None if self.payment is None else self.payment.md5


NOTHING = CallTarget(0, None, ())


def call_target(world: World, endpoint: str, body: Any, named: Scenario | None) -> CallTarget:
    """What a call is about, by its body, which has the right form; it is counted there. Raises ScenarioError.

    named: the script that the call itself asks for, which its payments follow if nobody has paid them yet.
    """
    if endpoint in SINGLE:
        payment = SINGLE[endpoint](world, body, named)
        return no_payment(world, endpoint, named) if payment is None else _of(payment, named)
    if endpoint in LIST:
        return _of_list(world, endpoint, LIST[endpoint](world, body, named), named)
    return no_payment(world, endpoint, OTHER[endpoint](world, body, named) if endpoint in OTHER else named)


def no_payment(world: World, endpoint: str, script: Scenario | None) -> CallTarget:
    """A call that is about no payment."""
    number = world.count(endpoint)
    return CallTarget(number, None, ((script, number),))


def _of(payment: Payment, named: Scenario | None) -> CallTarget:
    payment.attempts = number = payment.attempts + 1
    return CallTarget(number, payment, ((named or payment.scenario, number),))


def _of_list(world: World, endpoint: str, payments: list[Payment], named: Scenario | None) -> CallTarget:
    """Each script once, with the number of the call within the first payment that follows it."""
    if not payments:
        return no_payment(world, endpoint, named)
    about = [_of(payment, named).scripts[0] for payment in payments]
    once = {id(script): (script, number) for script, number in reversed(about)}
    return CallTarget(world.count(endpoint), None, tuple(reversed(once.values())))


def faults(world: World, endpoint: str, about: CallTarget) -> list[FaultRule]:
    """The faults that strike the call, in the order of its scripts. Raises ScenarioError."""
    playing = [pair for pair in about.scripts if pair[0] is None or pair[0].faults]
    return [rule for script, number in playing for rule in world.player.faults(endpoint, number, script)]


def _by_md5(world: World, body: Any, named: Scenario | None) -> Payment | None:
    return world.find(body["md5"].lower(), named)


def _by_hash(world: World, body: Any, _named: object) -> Payment | None:
    return _payment_of(world.transactions.by_hash(body["hash"].lower()))


def _by_short_hash(world: World, body: Any, _named: object) -> Payment | None:
    return _payment_of(world.transactions.by_short_hash(body["hash"].lower(), body["amount"], body["currency"]))


def _by_instruction_ref(world: World, body: Any, _named: object) -> Payment | None:
    return _payment_of(world.transactions.by_instruction_ref(body["instructionRef"]))


def _by_external_ref(world: World, body: Any, _named: object) -> Payment | None:
    return _payment_of(world.transactions.by_external_ref(body["externalRef"]))


def _payment_of(transaction: Transaction | None) -> Payment | None:
    return None if transaction is None else transaction.payment


def _by_md5s(world: World, body: Any, named: Scenario | None) -> list[Payment]:
    return [world.find(md5, named) for md5 in dict.fromkeys(map(str.lower, body))]


def _by_hashes(world: World, body: Any, _named: object) -> list[Payment]:
    transactions = filter(None, (world.transactions.by_hash(hash_.lower()) for hash_ in body))
    return list({row.payment.md5: row.payment for row in transactions}.values())


def _of_deeplink(world: World, body: Any, named: Scenario | None) -> Scenario | None:
    """The script of its payment, which follows the named one even where the call itself comes to nothing."""
    try:
        if named is not None:
            world.register_code(body["qr"], named)
            return named
        order = scan(body["qr"])
    except ScanError:
        return named
    known = world.payments.get(order.md5)
    return known.scenario if known else world.player.choose(order)


def _of_account(_world: World, body: Any, named: Scenario | None) -> Scenario | None:
    return named or by_magic(None, body["accountId"], None)


SINGLE: dict[str, Callable[[World, Any, Scenario | None], Payment | None]] = {
    "check_transaction_by_md5": _by_md5,
    "check_transaction_by_hash": _by_hash,
    "check_transaction_by_short_hash": _by_short_hash,
    "check_transaction_by_instruction_ref": _by_instruction_ref,
    "check_transaction_by_external_ref": _by_external_ref,
}
LIST: dict[str, Callable[[World, Any, Scenario | None], list[Payment]]] = {
    "check_transaction_by_md5_list": _by_md5s,
    "check_transaction_by_hash_list": _by_hashes,
}
# What is about no payment, or about none yet, may still fall under a script of its own.
OTHER: dict[str, Callable[[World, Any, Scenario | None], Scenario | None]] = {
    "generate_deeplink_by_qr": _of_deeplink,
    "check_bakong_account": _of_account,
}
