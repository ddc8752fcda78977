"""Whether Bakong can be asked from here with this token, in a line each: what `service check-config` says of it."""

import base64
import json

from bakong_schemes.bakong.adapter.client import HttpBakong
from bakong_service.domain.events import iso
from bakong_service.domain.payments import NoAnswer
from bakong_service.provider_factory import ProbeLine

DAY_MS = 86_400_000
NO_CODE = "0" * 32  # an md5 that no code has
_WRONG = {
    "unreachable": "does not answer ({detail}): check the address, DNS, the proxy and the firewall",
    "timeout": "does not answer in BAKONG_TIMEOUT_MS",
    "blocked": "answers 403 before it reads the token: it takes calls from addresses in Cambodia only",
    "garbage": "answers what is not its API ({detail}): is BAKONG_BASE_URL the right one?",
}
_REFUSED = {
    "unauthorized": "Bakong refuses it: put a new one into BAKONG_DEVELOPER_TOKEN",
    "budget": "not checked: the day's calls are spent",
}


async def probe(bakong: HttpBakong, token: str, now_ms: int, *, asks: bool) -> list[ProbeLine]:
    """Whether Bakong answers, which costs nothing; if asks, also whether it takes the token, which costs a call."""
    reached = await bakong.reach()
    if reached.why != "unauthorized":
        why = _WRONG.get(reached.why, "answers a question without a token with {why} {detail}")
        return [ProbeLine("bakong", why.format(why=reached.why, detail=reached.detail), good=False)]
    return [ProbeLine("bakong", "answers", good=True), await _token(bakong, token, now_ms, asks=asks)]


async def _token(bakong: HttpBakong, token: str, now_ms: int, *, asks: bool) -> ProbeLine:
    ends_ms = expiry_ms(token)
    if ends_ms is not None and ends_ms <= now_ms:
        return ProbeLine("token", f"ended {iso(ends_ms)}: put a new one into BAKONG_DEVELOPER_TOKEN", good=False)
    ends = "" if ends_ms is None else f", until {iso(ends_ms)} ({(ends_ms - now_ms) // DAY_MS} days)"
    if not asks:
        return ProbeLine("token", f"Bakong is not asked about it{ends}", good=True)
    report = await bakong.check(NO_CODE)
    if isinstance(report, NoAnswer) and report.why == "quota":
        return ProbeLine("token", f"good{ends}; today's calls are spent", good=True)
    if isinstance(report, NoAnswer):
        return ProbeLine("token", _REFUSED.get(report.why, f"no answer: {report.why} {report.detail}"), good=False)
    return ProbeLine("token", f"good{ends}", good=True)


def expiry_ms(token: str) -> int | None:
    """When a token says that it ends; None for one that is no JWT."""
    try:
        payload = token.split(".")[1]
        return int(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["exp"]) * 1000
    except (IndexError, KeyError, TypeError, ValueError):
        return None
