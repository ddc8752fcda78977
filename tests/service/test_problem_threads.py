"""Error answers are made in the event loop: no thread is waited for."""

import anyio.to_thread
import pytest

from tests.service.house import open_house

ASKED = [
    ("GET", "/api/payments/status/" + "0" * 32, None, 404),
    ("GET", "/api/nothing/here", None, 404),
    ("POST", "/api/payments/create", {}, 422),
    ("POST", "/api/subscriptions/cancel", {"userId": "nobody"}, 409),
]


@pytest.fixture
def threaded(monkeypatch):
    """The functions that were handed to a worker thread: how FastAPI calls a handler that is no coroutine."""
    handed = []
    run_sync = anyio.to_thread.run_sync

    async def watched(function, *args, **options):
        handed.append(function)
        return await run_sync(function, *args, **options)

    monkeypatch.setattr(anyio.to_thread, "run_sync", watched)
    return handed


async def test_an_error_answer_starts_no_thread(tmp_path, threaded):
    async with open_house(tmp_path) as house:
        for method, path, body, status in ASKED:
            threaded.clear()
            assert (await house.client.request(method, path, json=body)).status_code == status
            assert not threaded, path
