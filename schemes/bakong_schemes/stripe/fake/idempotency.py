"""Idempotency keys: the first answer of a key is kept for 24 hours of the world's time, and replayed."""

from hashlib import blake2b

import orjson

from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake.errors import IDEMPOTENCY, ApiError
from bakong_schemes.stripe.fake.records import Answered
from bakong_schemes.stripe.fake.requests import Request
from bakong_schemes.stripe.fake.view import View


def kept_answer(view: View, request: Request) -> Answered | None:
    """What the key of a request keeps; None where it is free. Raises ApiError for a key that is used otherwise."""
    key = request.idempotency_key
    if len(key) > wire.MAX_KEY:
        raise ApiError(f"Idempotency keys may have at most {wire.MAX_KEY} characters.", type_=IDEMPOTENCY)
    kept = view.state.answered.get(key)
    if kept is None or view.now_ms >= kept.at_ms + wire.IDEMPOTENCY_MS:
        return None
    if kept.path != request.path:
        raise ApiError(
            f"Keys for idempotent requests can only be used for the same endpoint they were first used for "
            f"('{request.path}' vs '{kept.path}'). Try using a key other than '{key}' if you meant to execute a "
            "different request.",
            type_=IDEMPOTENCY,
        )
    if kept.fields != _canonical(request):
        raise ApiError(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. Try "
            f"using a key other than '{key}' if you meant to execute a different request.",
            type_=IDEMPOTENCY,
        )
    if view.now_ms < kept.until_ms:
        raise ApiError(
            wire.KEY_IN_USE.replace("{key}", key),
            "idempotency_key_in_use",
            status=409,
            type_=view.settings.conflict_type,
        )
    return kept


def keep(view: View, request: Request, status: int, body: bytes) -> Answered:
    """Keep the answer of a key's first request."""
    answered = view.state.answered
    kept = Answered(request.path, _canonical(request), request.id, status, body, view.now_ms)
    answered.pop(request.idempotency_key, None)
    answered[request.idempotency_key] = kept
    _forget(view)
    return kept


def _forget(view: View) -> None:
    """The oldest go when their time is over, or there are too many."""
    answered = view.state.answered
    for _ in range(2):
        first = next(iter(answered))
        if len(answered) <= wire.MAX_KEYS and view.now_ms < answered[first].at_ms + wire.IDEMPOTENCY_MS:
            return
        del answered[first]


def _canonical(request: Request) -> str:
    """What stands for the parameters, whatever their order: a hash, because they may hold a card's number."""
    return blake2b(orjson.dumps(request.params.fields, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
