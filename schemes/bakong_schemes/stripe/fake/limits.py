"""Stripe's rate limits, where a setting turns them on: so many requests in a second of the world's time."""

from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake.view import View


def exceeded(view: View, operation: str) -> str | None:
    """The reason for which a request is one too many, or None; it counts then."""
    now_ms, recent = view.now_ms, view.state.recent
    rows = {name: _within(recent.get(name, []), now_ms) for name in ("", operation)}
    recent.update(rows)
    if len(rows[""]) >= wire.ACCOUNT_LIMIT:
        return "global-rate"
    if len(rows[operation]) >= wire.ENDPOINT_LIMIT:
        return "endpoint-rate"
    for name in rows:
        recent[name].append(now_ms)
    return None


def _within(times: list[int], now_ms: int) -> list[int]:
    return [at for at in times if now_ms - wire.LIMIT_WINDOW_MS < at <= now_ms]
