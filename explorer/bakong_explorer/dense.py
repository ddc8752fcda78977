"""Short lives for hunting: few people, acts that meet one another, and faults placed where something is at stake.

So many of the seeds live one; it is drawn from a stream of its own.
"""

from bakong_explorer.breadth import PROVIDERS
from bakong_explorer.chance import Chance
from bakong_explorer.story import MINUTE_MS, SECOND_MS, Happening, Story

SHARE = 0.67
# Who lives: what comes first, and what may follow, with its weight.
PEOPLE: dict[str, tuple[str, tuple[tuple[str, int], ...]]] = {
    "shop": (
        "buy_and_pay",
        (
            *(("pay_around_the_end", 5), ("pay_about_the_price", 3), ("two_codes", 5), ("a_subscription", 7)),
            *(("many_codes", 1), ("cancel", 3), ("downgrade", 2), ("upgrade_and_pay", 3), ("renew_and_pay", 3)),
            *(("buy_and_pay", 3), ("pay_and_look", 2), ("pay_twice", 1), ("buy", 2)),
            *(("after_an_outage", 2), ("rush", 4)),
        ),
    ),
    "care": (
        "hire_and_refund",
        (
            *(("hire_and_refund", 6), ("execute_around_the_end", 5), ("pay_two_attempts", 3), ("refund", 4)),
            *(("release", 1), ("refund_and_release", 2), ("finish_job", 3), ("executed_elsewhere", 2), ("execute", 3)),
            *(("silent_execute", 4), ("many_refunds", 3), ("refund_around_the_release", 4)),
            ("asked_while_executed", 5),
        ),
    ),
    "orders": (
        "order_and_pay",
        (
            *(
                ("order_and_refund", 6),
                ("order_around_its_end", 6),
                ("pay_old_and_new", 4),
                ("two_sessions", 5),
                ("cancel_while_away", 5),
                ("order_refund", 4),
                ("paid_as_it_is_closed", 5),
                ("refused_and_cancelled", 4),
            ),
            *(("pay_and_cancel", 2), ("pay_session", 3), ("refund_at_stripe", 2), ("checkout", 3), ("order_look", 2)),
        ),
    ),
}
# What may follow beside these, where calls or requests are limited, or orders are paid at another provider, too.
SCARCE = (("beside_the_last_question", 20), ("many_codes", 8))
LIMITED = (("edges_of_a_minute", 20), ("burst", 6))
ELSEWHERE = (("provider_buy", 20), ("provider_pay", 8), ("provider_slip", 3))
FAULTS = (
    *(("provider", 6), ("next_call", 14), ("receiver", 3), ("next_post", 3), ("database", 4), ("crash", 5)),
    ("pushes", 3),
    *(("restart", 1), ("full_disk", 1), ("slow", 1), ("clock", 2)),
)
GAPS_MS = (0, 1, 20, 700, 3_000, 40_000, 5 * MINUTE_MS, 15 * MINUTE_MS, 20 * MINUTE_MS)
# Where a fault begins, from an act on: with it, shortly after it, and before the end of what it has begun.
AIMS_MS = (-1_000, -1, 0, 1, 300, 3_000, 40_000, 14 * MINUTE_MS, 895 * SECOND_MS)
LASTS_MS = (SECOND_MS, 8 * SECOND_MS, MINUTE_MS, 4 * MINUTE_MS, 20 * MINUTE_MS, 120 * MINUTE_MS)


def dense_story(seed: int, share: float = SHARE) -> Story | None:
    """The short life of a seed; None where it has none. share: of the seeds that have one; their lives are the same."""
    chance = Chance(seed, "dense")
    if not chance.happens(share):
        return None
    people = chance.weighted((("shop", 4), ("care", 3), ("orders", 3)))
    first, others = PEOPLE[people]
    profile = {
        "replicas": chance.weighted(((1, 2), (2, 4), (3, 1))),
        "users": chance.weighted(((1, 3), (2, 1))),
        "daily_calls": chance.weighted(((0, 14), (1, 1), (2, 1), (4, 1), (30, 1))) if people == "shop" else 0,
        "rate_limit": chance.weighted(((0, 7), (5, 1))) if people == "shop" else 0,
        "shuffle": chance.pick((0, 30, 70)),
        "care": int(people == "care"),
        "orders": int(people == "orders"),
        "alone": 1,
    }
    if people == "orders" and chance.happens(0.25):
        profile["provider"] = 1 + chance.below(PROVIDERS)
    others += SCARCE if profile["daily_calls"] else ()
    others += LIMITED if profile["rate_limit"] else ()
    others += ELSEWHERE if "provider" in profile else ()
    at_ms, acts = chance.below(SECOND_MS), list[Happening]()
    for number in range(chance.between(2, 8)):
        acts.append(Happening(at_ms, chance.weighted(others) if number else first, chance.below(1 << 30)))
        at_ms += chance.pick(GAPS_MS)
    faults = []
    for _ in range(chance.weighted(((0, 3), (1, 3), (2, 3), (4, 2)))):
        begins_ms = max(0, chance.pick(acts).at_ms + chance.pick(AIMS_MS))
        faults.append(Happening(begins_ms, chance.weighted(FAULTS), chance.below(1 << 30), chance.pick(LASTS_MS)))
    return Story(seed=seed, profile=profile, acts=tuple(acts), faults=tuple(sorted(faults)))
