"""Sending webhooks over HTTP: real time, bounded answers, no redirects. httpx is loaded when the first one leaves."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bakong_contracts.trust import trust
from bakong_simulator.kernel.webhooks import Attempt, Outcome

if TYPE_CHECKING:
    import httpx

MAX_UNDER_WAY = 64
MAX_ANSWER = 64 * 1024  # bytes of an answer that are read
MARGIN_S = 0.5  # an attempt ends by its own time-out; who waits for it waits a little longer
SHORT_S = 1.0  # for a receiver that has let the last attempt run into its time-out
HEADERS = {"user-agent": "bakong-sandbox", "accept-encoding": "identity"}  # where the scheme sends no other
Done = Callable[[Outcome], None]


class WebhookSender:
    """See kernel.webhooks.Send. Who awaits it waits for at most an attempt's time-out, and shorter the next time.

    The client lives as long as something is under way: nothing has to be closed.
    transport: for tests, what an httpx client may be given. ca_file: authorities that receivers may show beside the
    public ones, as bakong_contracts.trust has checked them. verify: false takes any certificate.
    """

    def __init__(
        self, transport: "httpx.AsyncBaseTransport | None" = None, ca_file: Path | None = None, *, verify: bool = True
    ) -> None:
        self._transport = transport
        self._ca_file = ca_file
        self._verify = verify
        self._knows_authorities = not verify
        self._client: httpx.AsyncClient | None = None
        self._users = 0
        self._free = asyncio.Semaphore(MAX_UNDER_WAY)
        self._tasks: set[asyncio.Task[None]] = set()
        self._hung: set[str] = set()

    async def __call__(self, attempt: Attempt, done: Done, /) -> None:
        task = asyncio.ensure_future(self._send(attempt, done))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        patience_s = SHORT_S if attempt.url in self._hung else attempt.timeout_s + MARGIN_S
        try:
            await asyncio.wait({task}, timeout=patience_s)
        except asyncio.CancelledError:
            task.cancel()
            raise

    async def _send(self, attempt: Attempt, done: Done) -> None:
        loop = asyncio.get_running_loop()
        async with self._free:
            began = loop.time()
            outcome = await self._outcome(attempt)
            took_ms = round((loop.time() - began) * 1000)
        if outcome.error == "timeout":
            self._hung.add(attempt.url)
        else:
            self._hung.discard(attempt.url)
        done(outcome._replace(took_ms=took_ms))

    async def _outcome(self, attempt: Attempt) -> Outcome:
        import httpx  # noqa: PLC0415  a simulator that sends nothing starts without it

        try:
            async with asyncio.timeout(attempt.timeout_s):
                return await self._post(attempt)
        except (TimeoutError, httpx.TimeoutException):
            return Outcome(None, "timeout")
        except Exception as error:  # noqa: BLE001  whatever goes wrong is what came of it
            return Outcome(None, f"{type(error).__name__}: {error}"[:200])

    async def _post(self, attempt: Attempt) -> Outcome:
        async with self._lent() as client:
            request = client.build_request("POST", attempt.url, content=attempt.body, headers=dict(attempt.headers))
            if request.url.scheme == "https" and not self._knows_authorities:
                trust(self._tls, self._ca_file)
                self._knows_authorities = True
            response = await client.send(request, stream=True)
            try:
                answer = b""
                async for part in response.aiter_raw():
                    answer += part
                    if len(answer) > MAX_ANSWER:
                        break
            finally:
                await response.aclose()
        return Outcome(response.status_code, answer=answer[:MAX_ANSWER])

    @asynccontextmanager
    async def _lent(self) -> "AsyncIterator[httpx.AsyncClient]":
        """A client that all who are under way share; the last one closes it."""
        import httpx  # noqa: PLC0415  as above

        if self._client is None:
            self._client = httpx.AsyncClient(
                transport=self._transport,
                verify=self._tls,
                trust_env=False,
                timeout=None,  # noqa: S113  _outcome bounds the whole of an attempt
                headers=HEADERS,
                limits=httpx.Limits(max_connections=MAX_UNDER_WAY),
            )
        client = self._client
        self._users += 1
        try:
            yield client
        finally:
            self._users -= 1
            if self._users == 0:
                self._client = None
                await client.aclose()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Checks certificates; the system's authorities are read when the first https:// address is met."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if not self._verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context
