"""Which seeded bugs `make test` plants: every twentieth of a catalogue; `make mutants` plants all of them."""

from collections.abc import Iterable

import pytest

EVERY = 20


def sampled(catalogue: Iterable[str], every: int = EVERY):
    """A catalogue's bugs for `parametrize`: those of the sample, and the others as a campaign."""
    return [
        bug if number % every == 0 else pytest.param(bug, marks=pytest.mark.campaign)
        for number, bug in enumerate(catalogue)
    ]
