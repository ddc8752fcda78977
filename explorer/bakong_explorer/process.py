"""One process of the service, as it is deployed: API behind its guard, core, worker; on a clock that may be wrong."""

import asyncio
from asyncio import iscoroutine
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.datastructures import State

from bakong_explorer.chance import Chance
from bakong_explorer.disk import ProcessStore
from bakong_explorer.loop import Owner, VirtualLoop
from bakong_explorer.model import WatchedAdmission
from bakong_service import wiring
from bakong_service.adapters.access_tokens import AccessTokens, SharedKeys
from bakong_service.adapters.keys import Hasher, KeyRing
from bakong_service.adapters.memory_admission import MemoryAdmission
from bakong_service.adapters.rereading import Reread
from bakong_service.adapters.system import wait_at_most
from bakong_service.api import routes
from bakong_service.api.fast_path import FastPath
from bakong_service.api.guard import AccessRecord, Guard, Rules
from bakong_service.domain.plans import Prices
from bakong_service.ports import Admission, Post
from bakong_service.provider_factory import ProviderFactory, Surroundings
from bakong_service.settings import Settings
from bakong_service.usecases.core import Core, check_providers
from bakong_service.usecases.worker import Worker

if TYPE_CHECKING:  # Redis is an extra
    from bakong_explorer.shared_limits import SharedLimits

EPOCH_MS = 1_770_768_000_000  # 2026-02-11T00:00:00Z: when every life begins
KEY = "sandbox_key_of_the_explorer_0123456789"
WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105  the sandbox's
ENCRYPTION_KEY = "sandbox_encryption_key_0123456789abcdef"
NEXT_ENCRYPTION_KEY = "sandbox_encryption_key_fedcba9876543210"
JWT_SECRET = "sandbox_jwt_secret_" + "0123456789abcdef" * 4
SECRETS = (KEY, WEBHOOK_SECRET, ENCRYPTION_KEY, NEXT_ENCRYPTION_KEY, JWT_SECRET)
BACKEND = "https://shop.example/hooks"
_HEX = "0123456789abcdef"


class DriftingTimers:
    """See bakong_service.ports.Timers: the life's time, as this machine's clock shows it. owner: who runs there."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.owner = loop.world
        self.offset_ms = 0
        self._drift_ppm = 0
        self._drifts_from_ms = 0
        self._tasks: set[asyncio.Future[Any]] = set()

    def true_ms(self) -> int:
        return EPOCH_MS + int(self._loop.time() * 1000 + 1e-3)

    def now_ms(self) -> int:
        true_ms = self.true_ms()
        if not self._drift_ppm:
            return true_ms + self.offset_ms
        return true_ms + self.offset_ms + (true_ms - self._drifts_from_ms) * self._drift_ppm // 1_000_000

    def drift(self, ppm: int) -> None:
        """From now on it goes wrong by so many millionths; what it is wrong by already stays."""
        self.offset_ms = self.now_ms() - self.true_ms()
        self._drift_ppm, self._drifts_from_ms = ppm, self.true_ms()

    def set_right(self) -> None:
        """It shows the true time, and goes as it should."""
        self.offset_ms = self._drift_ppm = 0

    def ticks_us(self) -> int:
        """Its monotonic clock, which no jump moves."""
        return int(self._loop.time() * 1_000_000)

    def call_at(self, due_ms: int, fire: Callable[[], Awaitable[Any] | None], /) -> asyncio.TimerHandle:
        with self._loop.owned_by(self.owner):  # whoever wakes a worker
            return self._loop.call_later(max(0, due_ms - self.now_ms()) / 1000, self._fire, fire)

    def _fire(self, fire: Callable[[], Awaitable[Any] | None]) -> None:
        outcome = fire()
        if outcome is not None:
            task = self._loop.create_task(outcome) if iscoroutine(outcome) else asyncio.ensure_future(outcome)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


class SeededIds:
    """See bakong_service.ports.Ids, from a life's chance."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance

    def new_id(self) -> str:
        digits = "".join(_HEX[self._chance.below(16)] for _ in range(30))
        return f"{digits[:8]}-{digits[8:12]}-7{digits[12:15]}-8{digits[15:18]}-{digits[18:]}"

    def letters(self, alphabet: str, length: int) -> str:
        return "".join(alphabet[self._chance.below(len(alphabet))] for _ in range(length))

    def fraction(self) -> float:
        return self._chance.fraction()


def settings(**changes: Any) -> Settings:
    """The settings of a life's service."""
    given: dict[str, Any] = {
        "mode": "sandbox",
        "main_backend_api_key": SecretStr(KEY),
        "main_backend_webhook_url": BACKEND,
        "webhook_secret": SecretStr(WEBHOOK_SECRET),
        "encryption_key": SecretStr(ENCRYPTION_KEY),
        "jwt_secret": SecretStr(JWT_SECRET),
        "payment_webhook_secret": SecretStr(WEBHOOK_SECRET),
        "rate_limit_per_minute": 0,
        "rate_limit_per_second": 0,
        "rate_limit_per_hour": 0,
        "database_deadline_s": 5.0,
        "data_dir": Path(),
    }
    return Settings.model_construct(**given | changes)


class Apps:
    """The API's apps, which are made once: to make their routes anew for each process takes a tenth of a life."""

    def __init__(self) -> None:
        self._made: list[tuple[FastAPI, dict[str, Any]]] = []
        self._taken = 0

    def over(self, core: Core) -> FastAPI:
        """An app that no process of this life has had, as if it were new."""
        if self._taken == len(self._made):
            app = routes.build(core, docs=False)
            fixed = {name: getattr(app.state, name) for name in ("errors_url", "methods")}
            self._made.append((app, fixed))
        app, fixed = self._made[self._taken]
        app.state = State(fixed | {"core": core})
        self._taken += 1
        return app

    def let_go(self) -> None:
        """The life is over: nothing of it is kept."""
        self._taken = 0
        for app, _ in self._made:
            app.state = State()


APPS = Apps()


class Process(Owner):
    """One life of one replica, from its start to its crash."""

    def __init__(  # noqa: PLR0913  what a process has of its world
        self,
        name: str,
        loop: VirtualLoop,
        timers: DriftingTimers,
        store: ProcessStore,
        given: Settings,
        *,
        chance: Chance,
        factories: Sequence[ProviderFactory],
        client: Callable[[str, str, float], httpx.AsyncClient],
        post: Post,
        look_ms: int,
        on_trouble: Callable[[str], object],
        limits: "SharedLimits | None" = None,
    ) -> None:
        super().__init__(name)
        timers.owner = self
        self.loop, self.timers, self.store, self.settings = loop, timers, store, given
        self._on_trouble = on_trouble
        self.core = self._core(SeededIds(chance), post, look_ms)
        self.core.providers = {one.name: one.make(self._surroundings(one, client)) for one in factories}
        check_providers(self.core.providers)
        self.worker = Worker(self.core)
        limit = given.rate_limit_per_minute
        own = WatchedAdmission(
            MemoryAdmission(timers.ticks_us, limit), limit, timers.ticks_us, lambda seen: on_trouble(f"limits: {seen}")
        )
        self.admission: Admission = own if limits is None else limits.of(name, limit, own, timers.ticks_us)
        self.app = self._guarded()

    async def start(self) -> None:
        await self.worker.start()

    def request(self, scope: dict[str, Any], receive: Any, send: Any) -> "asyncio.Task[None]":
        """Let the API answer a request, as this process's own work."""
        return self.loop.spawn(self, self.app(scope, receive, send))

    def _core(self, ids: SeededIds, post: Post, look_ms: int) -> Core:
        given = self.settings
        return Core(
            store=self.store,
            timers=self.timers,
            ids=ids,
            providers={},
            post=post,
            patience=wait_at_most,
            prices=Prices(int(given.premium_price * 100), int(given.family_premium_price * 100), given.khr_per_usd),
            webhook_secrets=given.webhook_secrets,
            webhook_url=given.main_backend_webhook_url or None,
            look_ms=look_ms,
            grace_ms=given.grace_ms,
            shop=given.shop,
            escrow=given.escrow,
            private_callbacks=True,
            report=self._report,
        )

    def _report(self, kind: str, row_id: str, error: BaseException, /) -> None:
        self._on_trouble(f"{kind} {row_id} was left out: {type(error).__name__}: {error}")

    def _surroundings(
        self, factory: ProviderFactory, client: Callable[[str, str, float], httpx.AsyncClient]
    ) -> Surroundings:
        async def spend_call(day: int, limit: int, /) -> bool:
            return await self.store.write(lambda records: records.spend_call(factory.name, day, limit))

        def open_client(
            base_url: str,
            *,
            timeout_ms: int,
            ca_file: Path | None = None,  # noqa: ARG001  and no certificates
        ) -> httpx.AsyncClient:
            return client(factory.name, base_url, timeout_ms / 1000)

        return Surroundings(
            now_ms=self.timers.now_ms, open_client=open_client, spend_call=spend_call, on_call=lambda _what, _how: None
        )

    def _guarded(self) -> Guard:
        app = APPS.over(self.core)
        app.state.admission = self.admission
        state = Reread(self._token_state, self.timers.ticks_us)
        parties = wiring.open_parties(self.settings)
        tokens = AccessTokens(SharedKeys(self.settings.jwt_secrets), state, parties, self.timers.now_ms, None)
        hasher = Hasher(self.settings.encryption_keys)
        fixed = dict.fromkeys(hasher.digests(KEY), wiring.MAIN_BACKEND)
        rules = Rules(
            find=KeyRing(self.store, hasher, fixed, self.timers.ticks_us).find,
            verify=tokens.verify,
            admission=self.admission,
            limit=self.settings.rate_limit_per_minute,
            new_id=self.core.ids.new_id,
            ticks_us=self.timers.ticks_us,
            on_response=self._on_response,
            now_ms=self.timers.now_ms,
        )
        return Guard(FastPath(app, routes.BUSIEST), rules)

    async def _token_state(self) -> Any:
        return await self.store.read(lambda records: records.token_state(self.timers.now_ms()))

    def _on_response(self, record: AccessRecord) -> None:
        if record.status == 500:
            self._on_trouble(f"{record.method} {record.path} was answered with 500")
