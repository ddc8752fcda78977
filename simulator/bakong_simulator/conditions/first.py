"""The first calls fail; then all succeed."""

from bakong_simulator.conditions.moment import Moment


def first(moment: Moment, *, calls_: int) -> bool:
    return moment.call <= calls_
