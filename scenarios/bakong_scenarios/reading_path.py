"""Reading the path of a payment: its steps, in the words of a scheme."""

import re

from bakong_scenarios.errors import nearest
from bakong_scenarios.language import MEANINGS, State, Step, Tracking
from bakong_scenarios.nodes import Node
from bakong_scenarios.words import SchemeWords

MAX_STEPS = 100
WAITING_KEYS = ["after", "at", "polls", "for"]
SETTLED_KEYS = [*WAITING_KEYS, "amount", "currency", "account", "tracking"]
_AMOUNT = re.compile(r"[+-]?[0-9]{1,13}(\.[0-9]{1,2})?|[0-9]{1,4}(\.[0-9]{1,2})?%", re.ASCII)
_AT = re.compile(r"expiry\s*(?:([+-])\s*(\S+))?")


def keys_of(state: State) -> list[str]:
    """What a step of this state may say."""
    if state is State.UNPAID:
        return ["polls", "for"]
    meaning = MEANINGS[state]
    if meaning.ends:
        return ["after", "at"]
    return SETTLED_KEYS if meaning.settles else WAITING_KEYS


def path_of(node: Node | None, words: SchemeWords) -> tuple[Step, ...]:
    """The steps of a list. Raises ScenarioError."""
    if node is None:
        return ()
    steps: list[Step] = []
    for item in node.items():
        if len(steps) == MAX_STEPS:
            raise item.error(f"expected at most {MAX_STEPS} steps")
        step = _step(item, words)
        _check_place(item, step.state, [before.state for before in steps])
        steps.append(step)
    return tuple(steps)


def _check_place(node: Node, state: State, before: list[State]) -> None:
    """Whether a state may come after those before it."""
    meaning = MEANINGS[state]
    if before and MEANINGS[before[-1]].ends:
        raise node.error(f"nothing can follow {before[-1].value!r}: it ends the payment", is_about_order=True)
    if meaning.after and not set(meaning.after) & set(before):
        if state is State.HIDDEN:
            raise node.error("only a settled payment can be hidden: begin with 'unpaid' or 'paid'", is_about_order=True)
        raise node.error(f"only a paid payment can be {state}: put 'paid' before it", is_about_order=True)
    barred = next((earlier for earlier in before if earlier in meaning.not_after), None)
    if barred is None:
        return
    if state is State.UNPAID and MEANINGS[barred].settles:
        raise node.error(
            "a settled payment cannot become unpaid: 'hidden' is one that no check finds", is_about_order=True
        )
    raise node.error(f"{barred.value!r} cannot become {state.value!r}", is_about_order=True)


def _step(node: Node, words: SchemeWords) -> Step:
    states = [state.value for state in words.steps]
    if node.is_text():
        _check_has(node, node.text(), words)
        return Step(State(node.word(states, words.name)))
    named = node.only_key()
    if named is None:
        raise node.error(
            f"expected one state with its conditions, like 'paid: {{after: 2s}}' (states: {', '.join(states)})"
        )
    _check_has(node, named, words)
    body = node.mapping(states, words.name)[named]
    state = State(named)
    entries = body.mapping(keys_of(state))
    if "after" in entries and "at" in entries:
        raise body.error("'after' and 'at' exclude each other")
    return Step(
        state,
        after_ms=entries["after"].duration_ms() if "after" in entries else 0,
        polls=entries["polls"].integer() if "polls" in entries else None,
        for_ms=entries["for"].duration_ms() if "for" in entries else None,
        expiry_ms=_at(entries["at"]) if "at" in entries else None,
        amount=_amount(entries["amount"]) if "amount" in entries else None,
        currency=entries["currency"].word(words.currencies, words.name) if "currency" in entries else None,
        account=_account(entries["account"], words) if "account" in entries else None,
        tracking=tuple(_tracking(item, words) for item in entries["tracking"].items()) if "tracking" in entries else (),
    )


def _check_has(node: Node, state: str, words: SchemeWords) -> None:
    """Whether the scheme can play a state that there is."""
    if state in tuple(State) and state not in words.steps:
        raise node.error(
            f"{words.name} has no step {state!r}{nearest(state, [step.value for step in words.steps], words.name)}"
        )


def _at(node: Node) -> int:
    """The distance from the code's expiry, in ms."""
    match = _AT.fullmatch(node.text())
    if not match:
        raise node.error(f"expected a time like expiry, expiry-1s or expiry+30s, read {node.text()!r}")
    if match[2] is None:
        return 0
    distance = node.with_text(match[2]).duration_ms()
    return -distance if match[1] == "-" else distance


def _amount(node: Node) -> str:
    if not _AMOUNT.fullmatch(node.text()):
        raise node.error(f"expected an amount like 2.50, 90%, +0.50 or -0.50, read {node.text()!r}")
    return node.text()


def _account(node: Node, words: SchemeWords) -> str:
    if not re.fullmatch(words.account.pattern, node.text()):
        raise node.error(f"expected an account like {words.account.example} in {words.name}, read {node.text()!r}")
    return node.text()


def _tracking(node: Node, words: SchemeWords) -> Tracking:
    if node.is_text():
        return Tracking(node.word(words.tracking, words.name))
    status = node.only_key()
    if status is None:
        example = words.tracking[0] if words.tracking else "STATUS"
        raise node.error(f"expected one status with its time, like '{example}: {{after: 2h}}'")
    entries = node.mapping(words.tracking, words.name)[status].mapping(["after"])
    return Tracking(status, entries["after"].duration_ms() if "after" in entries else 0)
