"""When a fault strikes: each condition is a function of the moment and its parameters that says yes or no.

To add one: name it in bakong_scenarios.vocabulary with its parameters, write it here, enter it in CONDITIONS.
"""

from collections.abc import Callable, Collection
from typing import NamedTuple

from bakong_scenarios import FaultRule, WebhookRule
from bakong_scenarios.vocabulary import MIDNIGHT
from bakong_simulator.kernel.clock import local_day


class Moment(NamedTuple):
    """One call, or webhook, that a rule is for.

    call: its number among the rule's calls, from 1; poll: among those about its payment, where it is about one.
    began_ms, now_ms: the world's time, of the scenario and the call.
    called: the endpoints that were called since the scenario began.
    draw: a number from 0 to below 1, from the world's seed, drawn anew at each call.
    """

    call: int
    began_ms: int
    now_ms: int
    called: Collection[str]
    draw: Callable[[], float]
    poll: int = 1

    def number(self, per: str) -> int:
        """The call's, as a condition counts."""
        return self.poll if per == "payment" else self.call

    @property
    def since_ms(self) -> int:
        return self.now_ms - self.began_ms


def chance(moment: Moment, *, is_: float) -> bool:
    """With a probability."""
    return moment.draw() < is_


def first(moment: Moment, *, calls_: int, per_: str = "script") -> bool:
    """The first calls fail; then all succeed."""
    return moment.number(per_) <= calls_


def burst(moment: Moment, *, calls_: int, every_: int, per_: str = "script") -> bool:
    """So many calls in a row, of every so many."""
    return (moment.number(per_) - 1) % every_ < calls_


def window(moment: Moment, *, from_: int, to_: int | None, every_: int | None) -> bool:
    """Within a span of time after the scenario began: an outage, a maintenance; repeatedly where asked."""
    since = moment.since_ms % every_ if every_ else moment.since_ms
    return from_ <= since and (to_ is None or since < to_)


def ramp(moment: Moment, *, over_: int, from_: float, to_: float) -> bool:
    """With a probability that grows, or falls, over the time after the scenario began."""
    part = min(1.0, moment.since_ms / over_)
    return moment.draw() < from_ + (to_ - from_) * part


def until(moment: Moment, *, is_: str, utc_offset_: int = 0) -> bool:
    """Until an endpoint is called, or until midnight where the scheme is."""
    if is_ == MIDNIGHT:
        return local_day(moment.now_ms, utc_offset_) == local_day(moment.began_ms, utc_offset_)
    return is_ not in moment.called


CONDITIONS: dict[str, Callable[..., bool]] = {
    "chance": chance,
    "first": first,
    "burst": burst,
    "window": window,
    "ramp": ramp,
    "until": until,
}


def hold(rule: FaultRule | WebhookRule, moment: Moment) -> bool:
    """Whether all conditions of the rule hold at this moment."""
    return all(
        CONDITIONS[name](moment, **{f"{key}_": value for key, value in parameters.items()})
        for name, parameters in rule.conditions.items()
    )
