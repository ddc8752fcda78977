"""Asking both sides, after a run, what became of every payment, by their own APIs. May not judge the answers."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import httpx

from bakong_loadtests.clock import monotonic_ns, sleep_until
from bakong_loadtests.errors import LoadError

SECOND_NS = 1_000_000_000
BULK = 50


class Books:
    """The simulator's ledger and the service's statuses."""

    def __init__(self, client: httpx.AsyncClient, *, url: str, key: str, bakong_url: str, world: str) -> None:
        self._client = client
        self._url = url
        self._headers = {"Authorization": f"Bearer {key}"}
        self._world = f"{bakong_url}/sandbox/worlds/{world}"

    async def ledger(self) -> dict[str, int]:
        """How often each md5 was paid."""
        rows = await self._json("GET", f"{self._world}/payments")
        return {row["md5"]: row["times_paid"] for row in rows if row["status"] == "paid"}

    async def upstream_calls(self) -> int:
        """How many calls the simulator has had in all."""
        calls: int = (await self._json("GET", self._world))["calls"]
        return calls

    async def statuses(self, md5s: Collection[str]) -> dict[str, str]:
        """Each payment's status, 50 at a time; one by one where the service has no bulk check."""
        statuses: dict[str, str] = {}
        for some in _batches(sorted(md5s)):
            statuses |= await self._bulk(some)
        return statuses

    async def _bulk(self, md5s: Sequence[str]) -> dict[str, str]:
        url = f"{self._url}/api/payments/bulk-check"
        answer = await self._ask("POST", url, headers=self._headers, json={"md5Hashes": list(md5s)})
        if answer.status_code in (404, 405):
            return {md5: status for md5 in md5s if (status := await self._status(md5))}
        rows = self._data(answer)
        rows = rows if isinstance(rows, list) else next(value for value in rows.values() if isinstance(value, list))
        return {row["md5Hash"]: row["status"] for row in rows if row["status"].isupper()}

    async def _status(self, md5: str) -> str:
        answer = await self._ask("GET", f"{self._url}/api/payments/status/{md5}", headers=self._headers)
        return "" if answer.status_code == 404 else str(self._data(answer)["status"])

    async def _json(self, method: str, url: str) -> Any:
        answer = await self._ask(method, url)
        if answer.status_code != 200:
            raise LoadError(f"{method} {url} answered {answer.status_code}: {answer.text[:200]}")
        return answer.json()

    @staticmethod
    def _data(answer: httpx.Response) -> Any:
        if answer.status_code != 200:
            raise LoadError(f"{answer.request.url} answered {answer.status_code}: {answer.text[:200]}")
        return answer.json()["data"]

    async def _ask(self, method: str, url: str, **request: Any) -> httpx.Response:
        """The answer; a 429 or 503 is obeyed, and asked again. Raises LoadError."""
        for _ in range(5):
            try:
                answer = await self._client.request(method, url, **request)
            except httpx.HTTPError as error:
                raise LoadError(f"{method} {url}: {type(error).__name__} {error}") from None
            if answer.status_code not in (429, 503):
                return answer
            wait = answer.headers.get("retry-after", "1")
            await sleep_until(monotonic_ns() + (int(wait) if wait.isdigit() else 1) * SECOND_NS)
        return answer


async def until(done: Callable[[], Any], patience_s: float, every_s: float = 1.0) -> None:
    """Ask until the answer is true or the time is up."""
    end_ns = monotonic_ns() + int(patience_s * SECOND_NS)
    while not await done() and monotonic_ns() < end_ns:
        await sleep_until(monotonic_ns() + int(every_s * SECOND_NS))


def _batches(md5s: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(md5s), BULK):
        yield md5s[start : start + BULK]
