"""Nagad's paths, reasons and the wallets of the sandbox, as tables. Judges nothing."""

from typing import NamedTuple

MERCHANT_ID = "683099000000001"
MERCHANT_NUMBER = "01400000000"
PIN = "1357"
REQUIRED_HEADERS = ("x-km-api-version", "x-km-ip-v4", "x-km-client-type")
MESSAGE = "Please verify provided data and try again. Call 16167 for help."
LATE_MS, SLOW_MS = 1_200_000, 300_000


class Script(NamedTuple):
    """What a wallet makes of a payment.

    after_ms: when the confirmation counts; shows: the share of the amount that is told.
    """

    page: str = "Success"
    after_ms: int = 0
    from_complete: bool = False
    returns: bool = True
    refund: str = ""
    shows: float = 1.0


WALLETS: dict[str, tuple[str, Script]] = {
    "ok": ("01400000001", Script()),
    "poor": ("01400000011", Script(page="Failed")),
    "wrongpin": ("01400000012", Script(page="Failed")),
    "lost": ("01400000016", Script(returns=False)),
    "slow": ("01400000017", Script(after_ms=SLOW_MS)),
    "late": ("01400000018", Script(after_ms=LATE_MS, from_complete=True)),
    "cancelhang": ("01400000020", Script(refund="hang")),
    "cancellost": ("01400000031", Script(refund="lost")),
    "mismatch": ("01400000032", Script(shows=0.5)),
    "cancelrefused": ("01400000033", Script(refund="refused")),
}
SCRIPTS = dict(WALLETS.values())


class RefusedError(Exception):
    """A refusal by its reason."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail
