"""What a call is about: payments, and so the scripts whose faults may strike it.

A check is about the payment of its md5, or of the transaction that it asks for; a check of a list about all of its
own; a deep link about the payment of its code; the look-up of an account about what a magic account names.
"""

from collections.abc import Callable
from typing import Any

from bakong_scenarios import Scenario
from bakong_schemes.bakong.fake.scanning import scan
from bakong_schemes.bakong.fake.state import BakongState
from bakong_schemes.bakong.fake.transactions import Transaction
from bakong_simulator.kernel.calls import CallTarget, about_many, about_none, about_one
from bakong_simulator.kernel.errors import ScanError
from bakong_simulator.kernel.payments import Payment


def call_target(state: BakongState, endpoint: str, body: Any, named: Scenario | None) -> CallTarget:
    """What a call is about, by its body, which has the right form; it is counted there. Raises ScenarioError.

    named: the script that the call itself asks for, which its payments follow if nobody has paid them yet.
    """
    world, scheme = state.world, state.scheme
    if endpoint in SINGLE:
        payment = SINGLE[endpoint](state, body, named)
        return about_none(world, scheme, endpoint, named) if payment is None else about_one(payment, named)
    if endpoint in LIST:
        return about_many(world, scheme, endpoint, LIST[endpoint](state, body, named), named)
    script = OTHER[endpoint](state, body, named) if endpoint in OTHER else named
    return about_none(world, scheme, endpoint, script)


def _by_md5(state: BakongState, body: Any, named: Scenario | None) -> Payment | None:
    return state.find(body["md5"].lower(), named)


def _by_hash(state: BakongState, body: Any, _named: object) -> Payment | None:
    return _payment_of(state.transactions.by_hash(body["hash"].lower()))


def _by_short_hash(state: BakongState, body: Any, _named: object) -> Payment | None:
    return _payment_of(state.transactions.by_short_hash(body["hash"].lower(), body["amount"], body["currency"]))


def _by_instruction_ref(state: BakongState, body: Any, _named: object) -> Payment | None:
    return _payment_of(state.transactions.by_instruction_ref(body["instructionRef"]))


def _by_external_ref(state: BakongState, body: Any, _named: object) -> Payment | None:
    return _payment_of(state.transactions.by_external_ref(body["externalRef"]))


def _payment_of(transaction: Transaction | None) -> Payment | None:
    return None if transaction is None else transaction.payment


def _by_md5s(state: BakongState, body: Any, named: Scenario | None) -> list[Payment]:
    return [state.find(md5, named) for md5 in dict.fromkeys(map(str.lower, body))]


def _by_hashes(state: BakongState, body: Any, _named: object) -> list[Payment]:
    transactions = filter(None, (state.transactions.by_hash(hash_.lower()) for hash_ in body))
    return list({row.payment.reference: row.payment for row in transactions}.values())


def _of_deeplink(state: BakongState, body: Any, named: Scenario | None) -> Scenario | None:
    """The script of its payment, which follows the named one even where the call itself comes to nothing."""
    try:
        if named is not None:
            state.register_code(body["qr"], named)
            return named
        order = scan(body["qr"])
    except ScanError:
        return named
    known = state.payment(order.reference)
    return known.scenario if known else state.world.player.choose(state.name, order)


def _of_account(state: BakongState, body: Any, named: Scenario | None) -> Scenario | None:
    return named or state.world.library.by_magic(None, body["accountId"], None, state.name)


SINGLE: dict[str, Callable[[BakongState, Any, Scenario | None], Payment | None]] = {
    "check_transaction_by_md5": _by_md5,
    "check_transaction_by_hash": _by_hash,
    "check_transaction_by_short_hash": _by_short_hash,
    "check_transaction_by_instruction_ref": _by_instruction_ref,
    "check_transaction_by_external_ref": _by_external_ref,
}
LIST: dict[str, Callable[[BakongState, Any, Scenario | None], list[Payment]]] = {
    "check_transaction_by_md5_list": _by_md5s,
    "check_transaction_by_hash_list": _by_hashes,
}
# What is about no payment, or about none yet, may still fall under a script of its own.
OTHER: dict[str, Callable[[BakongState, Any, Scenario | None], Scenario | None]] = {
    "generate_deeplink_by_qr": _of_deeplink,
    "check_bakong_account": _of_account,
}
