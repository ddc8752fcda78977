"""A care platform on each of the two databases."""

import pytest

from tests.service.escrow.care import open_care


@pytest.fixture
async def care(tmp_path, storage):
    async with open_care(tmp_path, storage) as opened:
        yield opened
