"""Everything that lives in one life: the service's processes, the providers' fakes, the main backend, the customers."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import httpx
from pydantic import SecretStr

from bakong_explorer.chance import Chance
from bakong_explorer.conditions import Conditions, Next
from bakong_explorer.disk import Disk
from bakong_explorer.loop import VirtualLoop, passes
from bakong_explorer.network import HOSTS, Answer, Backend, FakeTransport, Moves, call_api
from bakong_explorer.process import ENCRYPTION_KEY, EPOCH_MS, KEY, DriftingTimers, Process, settings
from bakong_explorer.providers import LIVED
from bakong_explorer.real_stores import RealDisk
from bakong_explorer.story import DAY_MS, HOUR_MS, Story
from bakong_schemes.bakong.adapter.settings import BakongSettings
from bakong_schemes.bakong.fake.scheme import BAKONG, MERCHANT
from bakong_schemes.bkash import wire as bkash_wire
from bakong_schemes.bkash.adapter.settings import BkashSettings
from bakong_schemes.bkash.fake import sns
from bakong_schemes.bkash.fake.scheme import BKASH
from bakong_schemes.stripe.adapter.settings import StripeSettings
from bakong_schemes.stripe.fake import endpoints
from bakong_schemes.stripe.fake.money import units
from bakong_schemes.stripe.fake.requests import Params
from bakong_schemes.stripe.fake.scheme import STRIPE
from bakong_schemes.stripe.fake.view import View
from bakong_simulator import app as simulator_app
from bakong_simulator.kernel.payments import Order
from bakong_simulator.kernel.payments import Payment as FakePayment
from bakong_simulator.kernel.webhooks import Attempt, Outcome
from bakong_simulator.kernel.worlds import Worlds

if TYPE_CHECKING:  # Redis is an extra
    from bakong_explorer.shared_limits import SharedLimits

PHNOM_PENH_MS = 7 * HOUR_MS  # where the day of its calls begins
QUIET_LOOK_MS = 6 * HOUR_MS
BUSY_LOOK_MS = 240_000
BUSY_S = 960.0
MAX_LINES = 4_000
CALM, MARK = "no fault", " | "
AWAY = (502, 503, 504)  # the database or a provider could not be asked; 500 is a fault of ours
EVENTS_URL = "https://service.example/api/providers/{}/events"
HEARD_S = 20  # so long what a provider has said of a payment may take to be stored
_STATUS_OF = """
SELECT status, amount_minor, currency FROM payment_transactions WHERE provider = ? AND reference = ?
"""
CARE_SEED = 1  # of the fakes where bKash is one: its keys are made of it, and each takes a second


def pair(fault: str, state: str) -> str:
    """How a life counts that a state was met while a fault lasted."""
    return f"{fault}{MARK}{state}"


@dataclass(frozen=True, slots=True)
class Violation:
    """A law that does not hold: its name, and what was seen."""

    law: str
    seen: str

    def __str__(self) -> str:
        return f"{self.law}: {self.seen}"


class Town:
    """See the module. lines: what happened, for digests and diagrams. known: what customers know of their payments.

    before: which replicas are of the version before.
    """

    def __init__(self, story: Story, loop: VirtualLoop, disk: Disk | RealDisk) -> None:
        self.story, self.loop = story, loop
        self.chance = Chance(story.seed, f"town/{story.turns}")
        self.conditions = Conditions(Chance(story.seed, f"conditions/{story.turns}"))
        self.lines: list[tuple[int, str, str, str]] = []
        self.digest = hashlib.blake2b(digest_size=16)
        self.violations: list[Violation] = []
        self.met: Counter[str] = Counter()
        self.lasting: list[str] = []
        self.disk = disk
        self.has_care = bool(story.profile.get("care"))
        self.has_orders = bool(story.profile.get("orders"))
        self.lived = None if not (number := story.profile.get("provider", 0)) else LIVED[number - 1]
        others = () if self.lived is None else (self.lived.scheme,)
        schemes = (BAKONG, *((BKASH,) if self.has_care else ()), *((STRIPE,) if self.has_orders else ()), *others)
        fake_seed = CARE_SEED if self.has_care else story.seed & 0x7FFF_FFFF
        self.worlds = Worlds(self.now_ms, schemes, seed=fake_seed)
        self.world = self.worlds.default
        self.simulator = simulator_app.build(self.worlds)
        self.worlds.send = self._push
        self.world.journal_bytes = 0
        self.backend = Backend(
            self.conditions,
            self.now_ms,
            on_trouble=lambda seen: self.broken("webhooks", seen),
            on_try=lambda result: self.meet(f"webhook {result}"),
        )
        self._moves = Moves(self._moved_twice)
        self.keys: tuple[str, ...] = (ENCRYPTION_KEY,)
        self.known: list[dict[str, Any]] = []
        self.care: list[dict[str, Any]] = []
        self.orders: list[dict[str, Any]] = []
        self.jobs = 0
        self.troubles = 0  # faults so far, those of acts too
        self.paid_elsewhere: set[str] = set()
        self.releases: set[str] = set()
        self.heard: list[bytes] = []
        self.calls_by_day: Counter[int] = Counter()
        self.replicas: list[Process | None] = []
        self.gone: set[int] = set()
        self.clocks: list[DriftingTimers] = []
        self.before = set(range(story.profile.get("replicas", 1))) if story.profile.get("before") else set[int]()
        self._boots = 0
        self._last_act_s = 0.0
        self.settings = settings(rate_limit_per_minute=story.profile.get("rate_limit", 0))
        with loop.owned_by(loop.world):
            self.token = self.world.state(BAKONG).registrations.issue()
        self.limits = self._shared_limits() if story.profile.get("redis") else None
        quota = story.profile.get("daily_calls", 0)
        bakong = BakongSettings.model_construct(
            bakong_base_url=HOSTS["bakong"],
            bakong_merchant_id=MERCHANT,
            bakong_developer_token=SecretStr(self.token),
            bakong_timeout_ms=5_000,
            bakong_daily_calls=quota,
        )
        self.factories = [bakong.factory()]
        self.secrets = [self.token]
        with loop.owned_by(loop.world):
            self._open_others()
        self.finished = False

    def _shared_limits(self) -> "SharedLimits | None":
        """The replicas' limiter, in one Redis; None without the extra: then each has its own."""
        if find_spec("lupa") is None or find_spec("redis") is None:
            return None
        from bakong_explorer.shared_limits import SharedLimits  # noqa: PLC0415  Redis is an extra

        return SharedLimits(
            self.conditions, lambda: int(self.loop.time() * 1_000_000), lambda seen: self.broken("limits", seen)
        )

    def _open_others(self) -> None:
        """The providers beside Bakong."""
        if self.has_care:
            self._open_bkash()
        if self.has_orders:
            self._open_stripe()
        if self.lived is not None:
            opened = self.lived.open(self.world, self.world.state(self.lived.scheme))
            self.factories.append(opened.factory)
            self.secrets += opened.secrets

    def _open_stripe(self) -> None:
        """The shop's provider, with its webhook endpoint."""
        state = self.world.state(STRIPE)
        params = Params({"url": EVENTS_URL.format("stripe"), "enabled_events": {"0": "*"}})
        endpoint = endpoints.create(View(self.world, state), params)
        given = StripeSettings.model_construct(
            stripe_base_url=HOSTS["stripe"],
            stripe_secret_key=SecretStr(state.secret_key),
            stripe_webhook_secret=SecretStr(endpoint["secret"]),
            stripe_return_url="https://shop.example/back",
        )
        self.factories.append(given.factory())
        self.secrets += [state.secret_key, endpoint["secret"]]

    def books(self, provider: str, reference: str) -> tuple[int, int]:
        """What a provider has taken for a payment of an order, and what of it has gone back."""
        payment = self.fake(reference, provider)
        settled = [] if payment is None else [one for one in payment.settlements if not one.failed]
        return sum(one.minor for one in settled), sum(one.returned_minor for one in settled)

    def paid(self, provider: str, reference: str, minor: int, currency: str) -> tuple[int, int]:
        """What a provider has taken of the amount that was asked for, and of any other: how many payments of each."""
        payment = self.fake(reference, provider)
        settled = [] if payment is None else [one for one in payment.settlements if not one.failed]
        fits = sum((one.minor, one.currency) == (minor, currency) for one in settled)
        return fits, len(settled) - fits

    def disputes(self, reference: str) -> tuple[str, int]:
        """What Stripe says of a session's disputes: open, won or lost, "" for none; and what its payer has of them."""
        payment = self.fake(reference, "stripe")
        state = self.world.state(STRIPE)
        kept = state.intents.get(payment.reference) if payment is not None else None
        rows = [
            state.objects["dispute"][id_]
            for one in (kept.charges if kept else ())
            for id_ in state.charged[one].disputes
        ]
        lost = [units(row["amount"], row["currency"]) for row in rows if row["status"] == "lost"]
        if lost:
            return "lost", sum(lost)
        has_ended = all(row["status"] in ("won", "warning_closed") for row in rows)
        return ("won" if has_ended else "open") if rows else "", 0

    def stripe_takes(self, reference: str) -> bool:
        """Whether a session can be paid."""
        session = self.world.state(STRIPE).objects["checkout.session"].get(reference)
        if session is None or session["status"] != "open":
            return False
        return bool(session["expires_at"] * 1000 > self.now_ms())

    def _open_bkash(self) -> None:
        """The care platform's provider, with its topic, which posts to the service."""
        state = self.world.state(BKASH)
        known = state.credentials
        given = BkashSettings.model_construct(
            bkash_base_url=HOSTS["bkash"],
            bkash_username=known.username,
            bkash_password=SecretStr(known.password),
            bkash_app_key=SecretStr(known.app_key),
            bkash_app_secret=SecretStr(known.app_secret),
            bkash_return_url="https://care.example/back",
            bkash_topic_arn=sns.topic_arn(self.world.name),
        )
        sns.subscribe(self.world, state, EVENTS_URL.format(bkash_wire.NAME), confirmed=True)
        self.factories.append(given.factory())
        self.secrets += [known.password, known.app_secret]

    def bkash_moved(self, reference: str) -> int:
        """What bKash has taken from a wallet for one of its payments."""
        payment = self.world.payments.get((bkash_wire.NAME, reference))
        settled = [] if payment is None else [one for one in payment.settlements if not one.failed]
        return sum(one.minor for one in settled)

    # Time and what is told

    def now_ms(self) -> int:
        return EPOCH_MS + int(self.loop.time() * 1000 + 1e-3)

    def tell(self, who: str, whom: str, what: str) -> None:
        """Something that happened, between two."""
        at_ms = self.now_ms() - EPOCH_MS
        self.digest.update(f"{at_ms} {who} {whom} {what}\n".encode())
        if len(self.lines) < MAX_LINES:
            self.lines.append((at_ms, who, whom, what))

    def meet(self, what: str) -> None:
        """Count a state that was met, under each fault that lasts."""
        self.met[what] += 1
        for fault in self.lasting or (CALM,):
            self.met[pair(fault, what)] += 1

    def strike(self, provider: str, word: str) -> None:
        """A provider breaks, for an act; who strikes lets it be well again."""
        self.troubles += 1
        self.conditions.calls[provider] = word

    def befall(self, *waiting: Next) -> None:
        """What waits for calls that an act brings about."""
        self.troubles += 1
        self.conditions.next_calls += waiting

    def is_quiet_since(self, troubles: int) -> bool:
        """Whether nothing has broken since then, nothing does, and every process is there."""
        return self.troubles == troubles and not self.lasting and None not in self.replicas

    def broken(self, law: str, seen: str) -> None:
        """A law does not hold. The first one counts."""
        self.violations.append(Violation(law, seen))
        self.tell("law", "law", f"{law}: {seen}")

    # Processes

    async def open(self) -> None:
        """Start every replica."""
        for at in range(self.story.profile.get("replicas", 1)):
            self.clocks.append(DriftingTimers(self.loop))
            self.replicas.append(None)
            await self.boot(at)

    async def boot(self, at: int) -> None:
        """Start a replica, where it is down and is to come back."""
        if self.replicas[at] is not None or at in self.gone:
            return
        self._boots += 1
        name = f"service-{at + 1}"
        store = self.disk.open(name, self.conditions, self.keys)
        store.is_before = at in self.before
        process = Process(
            name,
            self.loop,
            self.clocks[at],
            store,
            self.settings.model_copy(update=self._key_settings()),
            chance=Chance(self.story.seed, f"{name}/{self._boots}/{self.story.turns}"),
            factories=self.factories,
            client=self._client,
            post=self.backend.post,
            look_ms=self._look_ms(),
            on_trouble=lambda seen: self.broken("no failures", seen),
            limits=self.limits,
        )
        process.on_fuse = lambda: self.crash(at)
        self.replicas[at] = process
        self.tell(name, name, "starts")
        await self.loop.spawn(process, process.start())

    def _key_settings(self) -> dict[str, Any]:
        """The sealing keys with which the next process starts."""
        first, *others = map(SecretStr, self.keys)
        return {"encryption_key": first, "old_encryption_keys": tuple(others)}

    def crash(self, at: int) -> None:
        """A power cut of one replica."""
        process = self.replicas[at]
        if process is None or self.finished:
            return
        self.replicas[at] = None
        self.loop.bury(process)
        self.tell(process.name, process.name, "crashes")

    def alive(self) -> list[Process]:
        return [process for process in self.replicas if process is not None]

    def busy(self) -> None:
        """Somebody does something: for a while, each worker looks often for what others have left."""
        self._last_act_s = self.loop.time()
        for process in self.alive():
            if process.core.look_ms != BUSY_LOOK_MS:
                process.core.look_ms = BUSY_LOOK_MS
                process.worker.wake()

    async def calm_down(self) -> None:
        """For ever: where nobody has done anything for long, workers look seldom."""
        while True:
            await passes(BUSY_S / 2)
            for process in self.alive():
                process.core.look_ms = self._look_ms()

    def _look_ms(self) -> int:
        return BUSY_LOOK_MS if self.loop.time() - self._last_act_s < BUSY_S else QUIET_LOOK_MS

    def _client(self, provider: str, base_url: str, timeout_s: float) -> httpx.AsyncClient:
        transport = FakeTransport(
            provider, self.simulator, self.loop, self.conditions, self._called, self._moves, self._heard_of
        )
        return httpx.AsyncClient(transport=transport, base_url=base_url, timeout=timeout_s, trust_env=False)

    async def _push(self, attempt: Attempt, done: Callable[[Outcome], None]) -> None:
        """A provider's webhook to one of the replicas; see bakong_simulator.kernel.webhooks.Send."""
        await passes(self.conditions.network_s())
        alive = self.alive()
        if not alive or self.conditions.shut:
            done(Outcome(None, "ConnectError"))
            return
        process = self.chance.pick(alive)
        path = attempt.url.removeprefix("https://service.example")
        headers = {name.lower(): value for name, value in attempt.headers.items()}
        answer = await call_api(process, "POST", path, body=attempt.body, headers=headers, patience_s=attempt.timeout_s)
        self.tell("provider", process.name, f"POST {path} -> {answer.status or 'broken off'}")
        self.meet(f"push answered {answer.status}")
        if answer.status >= 500 and answer.status not in AWAY:
            self.broken("no failures", f"a webhook was answered with {answer.status}: {answer.body[:200]!r}")
        done(Outcome(answer.status or None, None if answer.status else "timeout", 0, answer.body))

    def _moved_twice(self, seen: str) -> None:
        """Who may move the money is written down with a time: clocks that go wrong may let another one do it."""
        if not self.backend.tolerance_ms:
            self.broken("one at a time", seen)

    def _heard_of(self, provider: str, reference: str) -> None:
        """A process has heard that a payment is paid: soon it is stored so, where it can write meanwhile."""
        if self.conditions.stores or self.conditions.is_full or self.lasting:
            return
        process, troubles = self.loop.owner, self.troubles

        def look() -> None:
            if process.dead or self.finished or not self.is_quiet_since(troubles):
                return
            rows = self.disk.rows(_STATUS_OF, provider, reference)
            if rows and rows[0][0] != "PAID" and self.paid(provider, reference, rows[0][1], rows[0][2])[0]:
                seen = f"{provider} has said {HEARD_S} s ago that {reference[-8:]} is paid, and it is {rows[0][0]}"
                self.broken("no money is lost", seen)

        with self.loop.owned_by(self.loop.world):
            self.loop.call_later(HEARD_S, look)

    def _called(self, provider: str) -> None:
        self.calls_by_day[(self.now_ms() + PHNOM_PENH_MS) // DAY_MS] += provider == "bakong"

    # Who asks, and what is paid

    async def ask(self, pick: int, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """A request of the shop to a replica."""
        alive = self.alive()
        if not alive:
            return Answer(0, b"", {})
        process = alive[pick % len(alive)]
        self.busy()
        given = {"authorization": f"Bearer {KEY}"} | {name.replace("_", "-"): text for name, text in headers.items()}
        path, _, query = path.partition("?")
        answer = await call_api(process, method, path, body=body, headers=given, query=query)
        self.heard.append(answer.body)
        self.tell("shop", process.name, f"{method} {path} -> {answer.status or 'broken off'}")
        if answer.status >= 500 and answer.status not in AWAY:
            self.broken("no failures", f"{method} {path} was answered with {answer.status}: {answer.body[:200]!r}")
        return answer

    def fake(self, reference: str, provider: str = "bakong") -> FakePayment | None:
        """What a provider's fake has of a payment; Stripe's sessions have it by their PaymentIntent."""
        if provider == "stripe":
            session = self.world.state(STRIPE).objects["checkout.session"].get(reference) or {}
            reference = session.get("payment_intent") or ""
        return self.world.payments.get((provider, reference))

    def pay_amiss(self, chance: Chance, scheme: Any, order: Order, others: Sequence[str] = ()) -> None:
        """Pay somewhat too little or too much, or the same number in another currency, where that can be paid still.

        Raises WorldError.
        """
        asked = order.minor or 0
        minor = max(1, chance.pick((asked - 1, asked + 1, asked // 2, 2 * asked)))
        currency = chance.pick(others) if others and chance.happens(0.3) else order.currency
        minor = asked if currency != order.currency else minor + (minor == asked)
        lacking = minor - self.world.ledger.balance(scheme.payer, currency)
        if lacking > 0:
            self.world.ledger.open(scheme.payer, balances={currency: lacking}, issuer=scheme.issuer)
        self.world.pay(scheme, order, minor=minor, currency=currency)
        seen = f"pays {order.reference[-8:]} with {minor} {currency} of {asked} {order.currency}"
        self.tell("payer", scheme.name, seen)

    def close(self) -> None:
        self.finished = True
        self.world.clock.close()
        self.disk.close()
