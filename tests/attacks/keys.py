"""Attacks on keys: one that is lost, and one that comes back."""

from functools import partial

from bakong_sandbox.stack.errors import SetupError
from tests.attacks.table import Outcome, on_both
from tests.attacks.targets import service_beside, until

OTHER_KEY = "another-encryption-0123456789abcdefghijklmnop"


async def lost(simulator, folder, database_url):
    """The key changes and the old one is forgotten: no start; with it back all that was open is granted."""
    async with service_beside(folder, simulator, database_url) as target:
        made = [await target.sold(userId=f"open-{number}") for number in range(5)]
    refused = ""
    try:
        async with service_beside(folder, simulator, database_url, ENCRYPTION_KEY=OTHER_KEY):
            refused = "started"
    except SetupError as error:
        refused = "refused, and named" if "OLD_ENCRYPTION_KEYS" in str(error) else f"refused: {error}"
    async with service_beside(folder, simulator, database_url) as target:
        for one in made:
            await target.pay(one)
        granted = sum([await until(partial(target.has_plan, f"open-{number}")) for number in range(5)])
    return Outcome(f"{refused[:60]}; then {granted} of 5 granted", refused == "refused, and named" and granted == 5)


ATTACKS = on_both("a lost encryption key", "no start, OLD_ENCRYPTION_KEYS named, then granted", lost, 120)
