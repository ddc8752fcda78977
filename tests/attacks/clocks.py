"""Attacks on time: moments outside of the range, at its ends, and back again; the service lives on that clock."""

from tests.attacks.table import Attack, Outcome
from tests.attacks.targets import WORLD

REFUSED = ("1969-12-31T23:59:59.999Z", "2286-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1770768000000", "", "x" * 500)
ALLOWED = ("1970-01-01T00:00:00Z", "2001-09-09T01:46:39.999Z", "2038-01-19T03:14:08Z", "2285-12-31T23:00:00Z")


async def outside(target):
    statuses = set()
    for at in REFUSED:
        answers = [
            await target.control.put(f"{WORLD}/clock", json={"mode": "frozen", "at": at}),
            await target.control.post("/sandbox/worlds", json={"name": "odd", "clock": {"mode": "frozen", "at": at}}),
        ]
        statuses |= {answer.status_code for answer in answers}
    far = await target.control.post(f"{WORLD}/clock/advance", json={"seconds": 10**12})
    return Outcome(f"{sorted(statuses | {far.status_code})}", statuses | {far.status_code} == {422})


async def ends(target):
    granted = []
    try:
        for at in ALLOWED:
            await target.control.put(f"{WORLD}/clock", json={"mode": "frozen", "at": at})
            made = await target.sold(userId=f"at-{at}")
            await target.pay(made)
            await target.control.post(f"{WORLD}/clock/advance", json={"seconds": 30})
            granted.append(await target.has_plan(f"at-{at}"))
    finally:
        for mode in ("real", "frozen"):
            await target.control.put(f"{WORLD}/clock", json={"mode": mode})
    return Outcome(f"{sum(granted)} of {len(ALLOWED)} granted", all(granted))


ATTACKS = [
    Attack("moments that no world has", "simulator", "-", "422 at each door", outside, quick=True),
    Attack("both ends of time", "both", "SQLite", "each payment granted", ends, quick=True),
]
