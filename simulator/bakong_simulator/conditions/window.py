"""Within a span of the world's time after the scenario began: an outage, a maintenance; again and again where asked."""

from bakong_simulator.conditions.moment import Moment


def window(moment: Moment, *, from_: int, to_: int | None, every_: int | None) -> bool:
    since = moment.since_ms % every_ if every_ else moment.since_ms
    return from_ <= since and (to_ is None or since < to_)
