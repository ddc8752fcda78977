"""A recording of what a Stripe answered to calls that make nothing, without keys and links to an account."""

import json
from dataclasses import dataclass, field

from bakong_conformance.cassettes.cassette import Answer as Kept
from bakong_conformance.cassettes.cassette import Cassette, Exchange, Request, Token, content_of
from bakong_conformance.http import Answer

HEADERS = ("content-type", "request-id", "stripe-version")
PRIVATE = ("request_log_url",)


@dataclass(slots=True)
class Recorder:
    """Keeps the first answer to each call. key: never written."""

    key: str
    exchanges: dict[str, Exchange] = field(default_factory=dict)

    def keep(self, method: str, path: str, authorization: str, raw: bytes | None, answer: Answer) -> None:
        """One call of /v1 and its answer."""
        kinds: dict[str, Token] = {"": "none", f"Bearer {self.key}": "given"}
        token: Token = kinds.get(authorization, "other")
        asked = content_of(raw or b"")
        name = f"{len(self.exchanges) + 1} {method} {path}"
        told = content_of(
            json.dumps(_public(answer.body)).encode() if answer.body is not None else answer.text.encode()
        )
        headers = {one: answer.headers[one] for one in HEADERS if one in answer.headers}
        request = Request(endpoint=path, method=method, token=token, **asked)
        about = f"{method} {path} {token} {raw!r}"
        self.exchanges.setdefault(
            about, Exchange(name=name, request=request, answer=Kept(status=answer.status, headers=headers, **told))
        )

    def cassette(self, host: str, recorded: str) -> Cassette:
        """What was kept. Raises ValueError where the key would be in it."""
        kept = list(self.exchanges.values())
        made = Cassette(host=host, recorded=recorded, budget=len(kept), spent=len(kept), exchanges=kept)
        if self.key in made.model_dump_json():
            raise ValueError("the key stands in an answer; nothing is written")
        return made


def _public(value: object) -> object:
    if isinstance(value, dict):
        return {name: _public(one) for name, one in value.items() if name not in PRIVATE}
    return [_public(one) for one in value] if isinstance(value, list) else value
