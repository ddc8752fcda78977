"""So many calls in a row, of every so many."""

from bakong_simulator.conditions.moment import Moment


def burst(moment: Moment, *, calls_: int, every_: int) -> bool:
    return (moment.call - 1) % every_ < calls_
