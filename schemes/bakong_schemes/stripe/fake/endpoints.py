"""Webhook endpoints: the API's objects, and the outbox's endpoints behind them."""

import re
from dataclasses import replace

from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake import events, shapes
from bakong_schemes.stripe.fake.errors import ApiError, missing
from bakong_schemes.stripe.fake.records import Json
from bakong_schemes.stripe.fake.requests import Params, check_version
from bakong_schemes.stripe.fake.view import View
from bakong_simulator.kernel.webhooks import Endpoint, OutboxError, check_url

_EVENT = re.compile(r"\*|[a-z0-9_]+(\.[a-z0-9_]+)+", re.ASCII)


def create(view: View, params: Params) -> Json:
    """Raises ApiError. The answer alone has the secret."""
    url, enabled = params.needed("url"), _events(params)
    version = params.text("api_version")
    if version is not None:
        check_version(version)
    if enabled is None:
        raise missing("enabled_events")
    if len(view.state.objects["webhook_endpoint"]) >= wire.MAX_ENDPOINTS:
        raise ApiError(f"You have reached the maximum of {wire.MAX_ENDPOINTS} test webhook endpoints.")
    metadata = params.metadata({})
    _check_url(url)
    made = shapes.webhook_endpoint(
        *(view.id("we_1"), view.now_s, url, enabled),
        api_version=version,
        description=params.text("description"),
        metadata=metadata,
    )
    secret = events.new_secret(view.world.rng.draw)
    try:
        view.world.outbox.add_endpoint(Endpoint(wire.NAME, url, secret, made["id"], tuple(enabled)))
    except OutboxError as error:
        raise ApiError(f"Invalid URL: {error}", "url_invalid", "url") from None
    view.state.add(made)
    return {**made, "secret": secret}


def _events(params: Params) -> list[str] | None:
    enabled = params.texts("enabled_events")
    if enabled is None:
        return None
    for at, name in enumerate(enabled):
        if not _EVENT.fullmatch(name):
            raise ApiError(
                f"Invalid enabled_events[{at}]: must be the name of an event, such as charge.succeeded, or *",
                param=f"enabled_events[{at}]",
            )
    return enabled


def _check_url(url: str) -> None:
    try:
        check_url(url)
    except OutboxError as error:
        raise ApiError(f"Invalid URL: {error}", "url_invalid", "url") from None


def update(view: View, endpoint: Json, params: Params) -> Json:
    """Raises ApiError."""
    url, enabled, disabled = params.text("url"), _events(params), params.flag("disabled")
    metadata = params.metadata(endpoint["metadata"])
    if url is not None:
        _check_url(url)
    endpoint["metadata"] = metadata
    if "description" in params:
        endpoint["description"] = params.text("description")
    endpoint["url"], endpoint["enabled_events"] = url or endpoint["url"], enabled or endpoint["enabled_events"]
    if disabled is not None:
        endpoint["status"] = "disabled" if disabled else "enabled"
    kept = view.world.outbox.endpoints
    known = kept.by_id.get(endpoint["id"])
    if known is not None:
        kept.change(
            replace(
                known,
                url=endpoint["url"],
                events=tuple(endpoint["enabled_events"]),
                enabled=endpoint["status"] == "enabled",
            )
        )
    return endpoint


def delete(view: View, endpoint: Json) -> Json:
    del view.state.objects["webhook_endpoint"][endpoint["id"]]
    if endpoint["id"] in view.world.outbox.endpoints.by_id:
        view.world.outbox.drop_endpoint(endpoint["id"])
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}
