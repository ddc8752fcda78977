"""With a probability."""

from bakong_simulator.conditions.moment import Moment


def chance(moment: Moment, *, is_: float) -> bool:
    return moment.draw() < is_
