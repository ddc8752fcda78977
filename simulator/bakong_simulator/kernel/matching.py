"""Which script a payment follows, of those that a world's scenario holds."""

from decimal import Decimal
from fnmatch import fnmatchcase

from bakong_scenarios import EVERY, Match, Scenario, ScenarioError, ScriptLibrary
from bakong_simulator.kernel.money import decimal_of
from bakong_simulator.kernel.payments import Order


def choose(
    library: ScriptLibrary, scenario: Scenario, order: Order | None, scheme: str | None = None
) -> Scenario | None:
    """The script for an order. Raises ScenarioError with the nearest.

    order None: of a reference whose code nobody has shown. It fits only what has no match; where nothing has none, its
    payment follows no script.
    """
    if order is not None and (magic := library.by_magic(order.bill_number, order.to_account, order.minor, scheme)):
        return magic
    rules = scenario.rules or (scenario,)
    fitting = (rule for rule in rules if _fits(rule, order))
    script = next(fitting, scenario.otherwise)
    if script is not None or order is None:
        return script
    raise ScenarioError(_nearest(scenario.name, rules, order))


def _fits(rule: Scenario, order: Order | None) -> bool:
    return rule.match == EVERY or (order is not None and not mismatches(rule.match, order))


def mismatches(match: Match, order: Order) -> list[str]:
    """What of an order is not as a match wants it, in words; none where it fits."""
    amount = decimal_of(order.minor or 0, order.currency)
    low, high = (None if text is None else Decimal(text) for text in (match.at_least, match.at_most))
    checks = (
        (_is_like(order.to_account, match.account), f"account: wants {match.account}, read {order.to_account}"),
        (
            _is_like(order.bill_number or "", match.bill_number),
            f"bill_number: wants {match.bill_number}, read {order.bill_number or 'none'}",
        ),
        (match.currency in (None, order.currency), f"currency: wants {match.currency}, read {order.currency}"),
        (low is None or low <= amount, f"amount: wants at least {low}, read {amount}"),
        (high is None or amount <= high, f"amount: wants at most {high}, read {amount}"),
    )
    return [words for holds, words in checks if not holds]


def _is_like(text: str, pattern: str | None) -> bool:
    return pattern is None or fnmatchcase(text, pattern)


def _nearest(name: str, rules: tuple[Scenario, ...], order: Order) -> str:
    near = min(rules, key=lambda rule: len(mismatches(rule.match, order)))
    what = f"rule {rules.index(near) + 1}" if len(rules) > 1 else "it"
    return (
        f"the payment matches nothing in the scenario {name!r}; nearest is {what}, which differs in "
        f"{'; '.join(mismatches(near.match, order))} (give the scenario an 'otherwise: manual' to let such payments be)"
    )
