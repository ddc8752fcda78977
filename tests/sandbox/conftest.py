"""What is attacked on both event loops is so in the campaign; of asyncio's own loop a sample runs every day."""

import pytest

from tests.conftest import leave_to_campaigns


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    leave_to_campaigns(items, "loop_name", "asyncio")
