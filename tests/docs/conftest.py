"""A `bakong-sandbox` that is loaded already, for everything here that types commands."""

import pytest

from tests import preloaded


@pytest.fixture(scope="session")
def programs():
    """A folder with a bakong-sandbox that is loaded already."""
    return preloaded.folder()
