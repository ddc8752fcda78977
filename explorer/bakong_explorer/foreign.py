"""Lives of somebody else's service over HTTP, on the sandbox's clock: the same customers and faults, the outer laws."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

from bakong_conformance.case import Case, Step
from bakong_conformance.rules import NotCheckedError, PreconditionError, RuleBrokenError, require
from bakong_conformance.service import Service
from bakong_conformance.service.hooks import about
from bakong_conformance.service.subject import Payment
from bakong_explorer.chance import Chance

CYCLE_MS, DAY_MS = 30 * 86_400_000, 86_400_000
FAULTS = (
    "http, status: 500",
    "reset, at: before_head",
    "empty, as: connection",
    "garbage",
    "hang, for: 6s",
    "delay, by: 3s",
)
MOST_PAYMENTS = 5
AT_ONCE = 6
OUTAGE_S = 120  # around the end of a code
SHORTEST, LONGEST = 28 / 30, 31 / 30  # a cycle, where it is a month


class Act(NamedTuple):
    """One step of a life: what, and what it draws from."""

    what: str
    pick: int


@dataclass(slots=True)
class Bought:
    """A payment of the life, and what its customer did."""

    payment: Payment
    made_s: float
    right_s: float | None = None
    spoilt: bool = False
    states: list[str] = field(default_factory=list)


class Broken(NamedTuple):
    """A life that broke a law: its seed, the acts that are left, what was seen, and the calls."""

    seed: int
    acts: tuple[Act, ...]
    seen: str
    journal: tuple[Step, ...]

    def __str__(self) -> str:
        acts = ", ".join(act.what for act in self.acts)
        calls = "\n".join(f"  {step.what}  {step.came_back}".rstrip() for step in self.journal[-40:])
        return f"seed {self.seed}: {self.seen}\nacts: {acts}\n{calls}"


class _Life:
    def __init__(self, service: Service, case: Case, faults: Sequence[str]) -> None:
        self.service, self.case, self.faults = service, case, faults
        self.users = [service.new_user(), service.new_user()]
        self.bought: list[Bought] = []
        self.now_s = 0.0

    def wait(self, seconds: float) -> None:
        self.service.wait(self.case, seconds)
        self.now_s += seconds

    def pick(self, chance: Chance) -> Bought:
        if not self.bought:
            self.buy(chance)
        return self.bought[chance.below(len(self.bought))]

    def look(self, one: Bought) -> str:
        """Its state, which is never one that the ledger contradicts, nor another than PAID after PAID."""
        state = self.service.status(self.case, one.payment)
        require(one.states[-1:] != ["paid"] or state == "paid", f"a payment that was paid is {state}")
        require(state != "paid" or one.right_s is not None, "a payment is paid, and nobody has paid it")
        one.states.append(state)
        return state

    # Acts

    def buy(self, chance: Chance) -> None:
        if len(self.bought) < MOST_PAYMENTS:
            payment = self.service.create(self.case, chance.pick(self.users))
            self.bought.append(Bought(payment, self.now_s))

    def buy_in_trouble(self, chance: Chance) -> None:
        """Bakong will break for what is bought now, from its first call on or somewhat later."""
        if not self.faults or len(self.bought) >= MOST_PAYMENTS:
            return
        faults = [chance.pick(self.faults) for _ in range(chance.between(1, 3))]
        self.service.world.trouble(
            self.case, faults, after_s=chance.pick((0, 5, 60)), each_s=chance.pick((20, 120, 900))
        )
        self.buy(chance)
        self.look(self.bought[-1])
        self.service.world.play(self.case, "name: plain")

    def pay(self, chance: Chance) -> None:
        one = self.pick(chance)
        if one.right_s is None and not one.spoilt:
            self.service.pay(self.case, one.payment)
            one.right_s = self.now_s

    def pay_twice(self, chance: Chance) -> None:
        one = self.pick(chance)
        if not one.spoilt:
            for _ in range(2):
                self.service.pay(self.case, one.payment)
            one.right_s = self.now_s if one.right_s is None else one.right_s

    def pay_less(self, chance: Chance) -> None:
        one = self.pick(chance)
        if one.right_s is None:
            self.service.pay(self.case, one.payment, amount="0.01")
            one.spoilt = True

    def pay_at_the_end(self, chance: Chance) -> None:
        """A second before its code ends; then time passes its end."""
        one = self.pick(chance)
        left_s = self.service.config.expires_after_s - 1 - (self.now_s - one.made_s)
        if left_s > 0:
            self.wait(left_s)
            if one.right_s is None and not one.spoilt:
                self.service.pay(self.case, one.payment)
                one.right_s = self.now_s
            self.wait(chance.pick((1, 2, 30)))

    def silent_at_the_end(self, chance: Chance) -> None:
        """Bakong falls silent before a code ends, its payer pays in time, and somebody asks after the end, in vain."""
        life_s = self.service.config.expires_after_s
        if not self.faults or len(self.bought) >= MOST_PAYMENTS or life_s <= OUTAGE_S:
            return
        before_s = chance.pick((5, 20, 50))
        self.service.world.trouble(
            self.case, [chance.pick(self.faults)], after_s=life_s - OUTAGE_S // 2, each_s=OUTAGE_S
        )
        self.buy(chance)
        one = self.bought[-1]
        self.look(one)  # from this call on Bakong keeps what was played for it
        self.service.world.play(self.case, "name: plain")
        self.wait(life_s - before_s)
        self.service.pay(self.case, one.payment)
        one.right_s = self.now_s
        self.wait(before_s + chance.pick((1, 5, 30)))
        self.look(one)

    def ask(self, chance: Chance) -> None:
        self.look(self.pick(chance))

    def ask_at_once(self, chance: Chance) -> None:
        """Several at once ask about one payment, as a page and a worker do."""
        one = self.pick(chance)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for asked in [pool.submit(self.service.status, Case(), one.payment) for _ in range(AT_ONCE)]:
                require(asked.result() != "paid" or one.right_s is not None, "paid, and nobody has paid it")

    def pass_time(self, chance: Chance) -> None:
        self.wait(chance.pick((1, 5, 20, 61, 300, 899, 901, 3_600)))

    def receiver_breaks(self, chance: Chance) -> None:
        """The next webhooks are refused, or their connections broken off."""
        left, status = chance.between(1, 3), chance.pick((500, 0, 429))

        def decide(_body: bytes) -> int:
            nonlocal left
            left -= 1
            return status if left >= 0 else 204

        self.service.receiver.decide = decide

    # The end

    def end(self) -> None:
        """Everybody is well; time passes; then what was paid is paid, granted once and told at least once."""
        service = self.service
        service.receiver.accept()
        service.world.play(self.case, "name: plain")
        hooks = service.config.webhooks
        for seconds in (service.config.settle_s, 1_000, *(hooks.retries_s if hooks else ()), 7_200):
            self.wait(seconds)
        for one in self.bought:
            state = self.look(one)
            self.wait(service.config.settle_s)
            if one.right_s is not None and not one.spoilt:
                in_time = one.right_s < one.made_s + service.config.expires_after_s
                require(state == "paid" or not in_time, f"a payment that was made in time is {state} in the end")
            if hooks and state == "paid":
                self.told(one)
        if "subscription" in service.config.operations:
            for user in self.users:
                self.granted(user)

    def told(self, one: Bought) -> None:
        came = about(self.service, one.payment, "paid")
        ids = {delivery.headers.get("webhook-id") for delivery in came}
        require(any(200 <= delivery.answered < 300 for delivery in came), "a payment is paid, and no webhook arrived")
        require(len(ids) == 1, f"one payment is announced by {len(ids)} different webhooks")

    def granted(self, user: str) -> None:
        paid = [one for one in self.bought if one.payment.user == user and one.states[-1:] == ["paid"]]
        has = self.service.subscription(self.case, user)
        there = "there" if has.active else "not there"
        require(has.active == bool(paid), f"{len(paid)} payments of a user are paid, and the plan is {there}")
        if not paid or has.next_billing_ms is None:
            return
        left_ms = has.next_billing_ms - self.service.world.now_ms()
        shortest_ms = len(paid) * SHORTEST * CYCLE_MS - self.now_s * 1000 - DAY_MS
        fits = shortest_ms <= left_ms <= len(paid) * LONGEST * CYCLE_MS + DAY_MS
        require(fits, f"{len(paid)} payments of a user are paid, and {left_ms / CYCLE_MS:.2f} cycles are left")


ACTS: tuple[tuple[str, int], ...] = (
    *(("buy", 4), ("buy_in_trouble", 3), ("pay", 6), ("pay_twice", 2), ("pay_less", 1), ("pay_at_the_end", 2)),
    ("silent_at_the_end", 2),
    *(("ask", 2), ("ask_at_once", 4), ("pass_time", 5), ("receiver_breaks", 3)),
)


def acts_of(seed: int) -> tuple[Act, ...]:
    """The acts of a seed: a code is bought first."""
    chance = Chance(seed, "foreign")
    drawn = [Act(chance.weighted(ACTS), chance.below(1 << 30)) for _ in range(chance.between(4, 14))]
    return (Act(chance.pick(("buy", "buy_in_trouble")), chance.below(1 << 30)), *drawn)


def live(service: Service, seed: int, acts: Sequence[Act]) -> Broken | None:
    """Live the acts against the service; what broke, or None."""
    case = Case()
    service.begin(case)
    life = _Life(service, case, service.world.known(case, FAULTS))
    service.world.play(case, "name: plain")
    try:
        for act in acts:
            getattr(life, act.what)(Chance(act.pick, act.what))
        life.end()
    except (RuleBrokenError, PreconditionError) as error:
        return Broken(seed, tuple(acts), str(error), tuple(case.journal))
    return None


def shrink(service: Service, broken: Broken, most: int = 40) -> Broken:
    """The shortest life met in so many tries that breaks a law still."""
    best, at, left = broken, 0, most
    while at < len(best.acts) and left > 0:
        left -= 1
        shorter = live(service, best.seed, best.acts[:at] + best.acts[at + 1 :])
        if shorter is None:
            at += 1
        else:
            best = shorter
    return best


def explore(
    service: Service, first: int, lives: int, told: Callable[[int], object] = lambda _seed: None
) -> Broken | None:
    """Life after life; the first that broke a law, cut short."""
    if service.config.time == "real":
        raise NotCheckedError("lives take hours: map the service's time to explore it")
    for seed in range(first, first + lives):
        told(seed)
        if broken := live(service, seed, acts_of(seed)):
            return shrink(service, broken)
    return None
