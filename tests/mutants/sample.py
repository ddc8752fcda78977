"""Which seeded bugs `make test` plants: every twentieth of a catalogue; `make mutants` plants all of them."""

from collections.abc import Iterable

import pytest

EVERY = 20


def sampled(catalogue: Iterable[str]):
    """A catalogue's bugs for `parametrize`: those of the sample, and the others as a campaign."""
    return [
        bug if number % EVERY == 0 else pytest.param(bug, marks=pytest.mark.campaign)
        for number, bug in enumerate(catalogue)
    ]
