"""With a probability that grows, or falls, over the world's time after the scenario began."""

from bakong_simulator.conditions.moment import Moment


def ramp(moment: Moment, *, over_: int, from_: float, to_: float) -> bool:
    part = min(1.0, moment.since_ms / over_)
    return moment.draw() < from_ + (to_ - from_) * part
