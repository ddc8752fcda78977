"""Magic values: a bill number, an account or an amount of a code that names a script.

| value | names | example |
|---|---|---|
| bill number `SBX-<NAME>` | the script of that name, in any case | `SBX-PAID-TWICE` |
| account `sbx_<name>@...` | the script of that name, `_` for `-` | `sbx_paid_twice@sand` |
| amount of 7007NN minor units | the script of number NN | 7,007.12 USD, 700,712 KHR |
"""

from functools import cache

from bakong_scenarios.errors import ScenarioError
from bakong_scenarios.language import Scenario
from bakong_scenarios.library import find, names

BILL_PREFIX = "SBX-"
ACCOUNT_PREFIX = "sbx_"
AMOUNT_BASE = 700_700


@cache
def numbers() -> dict[int, Scenario]:
    """The library's scenarios by their number."""
    return {scenario.number: scenario for scenario in map(find, names()) if scenario.number is not None}


def by_magic(bill_number: str | None, account: str, minor: int | None) -> Scenario | None:
    """The scenario that a payment's values name; None where they name none. Raises ScenarioError for a wrong name."""
    if bill_number and bill_number.upper().startswith(BILL_PREFIX):
        return find(bill_number[len(BILL_PREFIX) :].lower())
    if account.startswith(ACCOUNT_PREFIX):
        return find(account.partition("@")[0][len(ACCOUNT_PREFIX) :].replace("_", "-"))
    if minor is not None and AMOUNT_BASE < minor < AMOUNT_BASE + 100:
        return _numbered(minor - AMOUNT_BASE)
    return None


def _numbered(number: int) -> Scenario:
    known = numbers()
    if number not in known:
        close = min(known, key=lambda other: abs(other - number))
        raise ScenarioError(
            f"no scenario has the number {number}, which an amount of {AMOUNT_BASE + number} minor units names; "
            f"the nearest is {close}, {known[close].name!r}"
        )
    return known[number]
