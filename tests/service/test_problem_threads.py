"""Error answers are made in the event loop: no thread is waited for."""

import threading

from tests.service.house import open_house


async def test_an_error_answer_starts_no_thread(tmp_path):
    async with open_house(tmp_path) as house:
        before = {thread.name for thread in threading.enumerate()}
        answers = [
            await house.client.get("/api/payments/status/" + "0" * 32),
            await house.client.get("/api/nothing/here"),
            await house.client.post("/api/payments/create", json={}),
            await house.client.post("/api/subscriptions/cancel", json={"userId": "nobody"}),
        ]
        assert [answer.status_code for answer in answers] == [404, 404, 422, 409]
        assert not {thread.name for thread in threading.enumerate()} - before
