"""Magic values: a bill number, an account or an amount of a code that names a script.

| value | names | example |
|---|---|---|
| bill number `SBX-<NAME>` | the script of that name, in any case | `SBX-PAID-TWICE` |
| account `sbx_<name>@...` | the script of that name, `_` for `-` | `sbx_paid_twice@sand` |
| amount of 7007NN minor units | the script of number NN | 7,007.12 USD, 700,712 KHR |
"""

from collections.abc import Mapping

from bakong_scenarios.errors import ScenarioError
from bakong_scenarios.language import Scenario

BILL_PREFIX = "SBX-"
ACCOUNT_PREFIX = "sbx_"
AMOUNT_BASE = 700_700


def name_of(bill_number: str | None, account: str) -> str | None:
    """The name of a script that a bill number or an account bears."""
    if bill_number and bill_number.upper().startswith(BILL_PREFIX):
        return bill_number[len(BILL_PREFIX) :].lower()
    if account.startswith(ACCOUNT_PREFIX):
        return account.partition("@")[0][len(ACCOUNT_PREFIX) :].replace("_", "-")
    return None


def number_of(minor: int | None) -> int | None:
    """The number of a script that an amount bears."""
    return minor - AMOUNT_BASE if minor is not None and AMOUNT_BASE < minor < AMOUNT_BASE + 100 else None


def numbered(number: int, scripts: Mapping[int, Scenario]) -> Scenario:
    """The script of a number. Raises ScenarioError with the nearest."""
    if number not in scripts:
        close = min(scripts, key=lambda other: abs(other - number))
        raise ScenarioError(
            f"no scenario has the number {number}, which an amount of {AMOUNT_BASE + number} minor units names; "
            f"the nearest is {close}, {scripts[close].name!r}"
        )
    return scripts[number]
