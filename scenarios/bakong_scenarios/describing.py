"""A script as values for people and pictures: its steps and faults in words, each with when it begins and ends."""

from typing import Any

from bakong_scenarios.language import ALWAYS, ANY_ENDPOINT, EVERY, MEANINGS, FaultRule, Polls, Scenario, State, Step
from bakong_scenarios.vocabulary import CONDITIONS, FAULTS, WEBHOOK_FAULTS, Parameters

UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s"), (1, "ms"))
MOST_POLLS = 10  # that are drawn beside each other
TIMES = ("duration", "shift")
OWN_TIMES = ("by",)  # of the faults of one scheme, which this package does not know


def plan(script: Scenario) -> dict[str, Any]:
    """The script as JSON values: its path, faults, webhook faults and rules.

    >>> plan(Scenario("x", "y", path=(Step("unpaid", polls=2),)))["steps"][0]["lasts"]
    '2 polls'
    """
    return {
        "name": script.name,
        "about": script.about,
        "scheme": script.scheme,
        "number": script.number,
        "match": "" if script.match == EVERY else _match(script),
        "steps": [step_shown(step) for step in script.path],
        "faults": [fault_shown(rule) for rule in script.faults],
        "over_polls": over_polls(script),
        "webhooks": [
            {"fault": rule.fault, "on": list(rule.events), "when": _conditions(rule.conditions)}
            | {"what": _parameters(rule.parameters, WEBHOOK_FAULTS.get(rule.fault, {}))}
            for rule in script.webhooks
        ],
        "rules": [plan(rule) for rule in script.rules],
        "otherwise": script.otherwise and script.otherwise.name,
    }


def step_shown(step: Step) -> dict[str, Any]:
    """A step: its state, when it begins, how long it lasts, what is paid in place of what was asked."""
    return {
        "state": str(step.state),
        "begins": _begins(step),
        "lasts": _lasts(step),
        "paid": ", ".join(filter(None, (step.amount, step.currency, step.account))),
        "tracking": [
            f"{one.status}{f' after {duration(one.after_ms)}' if one.after_ms else ''}" for one in step.tracking
        ],
    }


def fault_shown(rule: FaultRule) -> dict[str, Any]:
    """A fault: its name and parameters, where it strikes, and when."""
    return {
        "fault": rule.fault,
        "what": _parameters(rule.parameters, FAULTS.get(rule.fault, {})),
        "on": ["every call" if word == ANY_ENDPOINT else word for word in rule.on],
        "polls": "" if rule.poll == ALWAYS else _polls(rule.poll),
        "when": _conditions(rule.conditions),
    }


def over_polls(script: Scenario) -> dict[str, Any] | None:
    """A script as a table over a payment's polls: steps and faults, each over so many. None where time decides.

    >>> over_polls(Scenario("x", "y", path=(Step("unpaid", polls=2), Step("paid"))))
    {'polls': 3, 'steps': [{'state': 'unpaid', 'over': 2}, {'state': 'paid', 'over': 1}], 'faults': []}
    """
    faults = [rule for rule in script.faults if rule.poll != ALWAYS]
    *counted, last = script.path or (Step(State.UNPAID),)
    if any(_by_time(step) for step in script.path) or any(step.polls is None for step in counted):
        return None
    ended = sum(step.polls or 0 for step in counted)
    polls = max([ended + (last.polls or 0), *(rule.poll.last or rule.poll.first for rule in faults)]) + 1
    if polls == 1 or polls > MOST_POLLS:
        return None
    steps = [{"state": str(step.state), "over": step.polls} for step in counted]
    return {
        "polls": polls,
        "steps": [*steps, {"state": str(last.state), "over": polls - ended}],
        "faults": [_over(rule, polls) for rule in faults],
    }


def _by_time(step: Step) -> bool:
    return bool(step.after_ms or step.for_ms is not None or step.expiry_ms is not None)


def _over(rule: FaultRule, polls: int) -> dict[str, Any]:
    """A fault: so many polls before it, so many that it strikes, so many after it."""
    end = polls if rule.poll.last is None else rule.poll.last
    return {"fault": rule.fault, "before": rule.poll.first - 1, "over": end - rule.poll.first + 1, "after": polls - end}


def duration(ms: int) -> str:
    """A time in the largest unit that says it in whole numbers.

    >>> duration(90_000), duration(15 * 60_000)
    ('90 s', '15 min')
    """
    size, unit = next(((size, unit) for size, unit in UNITS if ms % size == 0 and abs(ms) >= size), (1, "ms"))
    return f"{ms // size if ms >= 0 else -(-ms // size)} {unit}"


def _begins(step: Step) -> str:
    if step.expiry_ms is not None:
        if not step.expiry_ms:
            return "at expiry"
        return f"{duration(abs(step.expiry_ms))} {'after' if step.expiry_ms > 0 else 'before'} expiry"
    return f"after {duration(step.after_ms)}" if step.after_ms else ""


def _lasts(step: Step) -> str:
    spans = [] if step.polls is None else [f"{step.polls} poll{'' if step.polls == 1 else 's'}"]
    spans += [] if step.for_ms is None else [duration(step.for_ms)]
    if spans:
        return " or ".join(spans)
    return "" if not MEANINGS[step.state].lasts else "until a wallet pays"


def _polls(polls: Polls) -> str:
    if polls.last == polls.first:
        return f"poll {polls.first}"
    return f"polls {polls.first} to {polls.last}" if polls.last else f"from poll {polls.first}"


def _parameters(values: Any, known: Parameters) -> str:
    """Parameters as they are written, times in their units: "for 60 s"."""
    shown = [(name, _value(name, value, known)) for name, value in values.items() if value is not None]
    return ", ".join(f"{name} {value}" for name, value in shown)


def _value(name: str, value: Any, known: Parameters) -> Any:
    is_time = known[name].kind in TIMES if name in known else name in OWN_TIMES
    return duration(value) if is_time and value else value


def _conditions(conditions: Any) -> str:
    return "; ".join(
        f"{name}: {_parameters(values, CONDITIONS.get(name, {}))}" if values else name
        for name, values in conditions.items()
    )


def _match(script: Scenario) -> str:
    match = script.match
    parts = {"account": match.account, "bill number": match.bill_number, "currency": match.currency}
    parts |= {"at least": match.at_least, "at most": match.at_most}
    return ", ".join(f"{name} {value}" for name, value in parts.items() if value)
