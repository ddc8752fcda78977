"""What each operation answers, for the OpenAPI document when it is asked for: nothing here is in a request's way."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from starlette.routing import BaseRoute

from bakong_service.api import answers as one
from bakong_service.api import answers_escrow as escrow
from bakong_service.api import answers_orders as order

_REFS = "#/components/schemas/{model}"
_WHOLE: dict[str, Any] = {
    "jwks": one.KeySet,
    "client_token": one.Granted,
    "provider_webhook": one.Received,
    "health_api_health_get": one.Health,
    "ready_api_health_ready_get": one.Ready,
    "live_api_health_live_get": one.Live,
}
# What stands in `data`.
_DATA: dict[str, Any] = {
    "create": one.CreatedPayment,
    "status": one.PaymentState,
    "monitor": one.MonitoredPayment,
    "bulk_check": list[one.PaymentState | one.UncheckedPayment],
    "history": one.History,
    "payment": one.AnyPayment | escrow.EscrowPayment,
    "event": one.Received,
    "subscription": one.SubscriptionState,
    "upgrade": one.Upgraded,
    "downgrade": one.Downgraded,
    "cancel": one.Cancelled,
    "renew": one.Renewed,
    "webhook_test": one.Webhook,
    "webhook": one.Webhook,
    "webhook_resend": one.Webhook,
    "job_put": escrow.Job,
    "escrow_create": escrow.CreatedEscrow,
    "escrow_list": list[escrow.ListedEscrow],
    "escrow_refunds": list[escrow.EscrowRefund],
    "bkash_create": escrow.BkashCreated,
    "nagad_create": escrow.NagadCreated,
    "bkash_execute": escrow.BkashExecuted,
    "nagad_verify": escrow.NagadVerified,
    "escrow_refund": escrow.AskedRefund,
    "escrow_release": escrow.ReleasedEscrow,
    "payment_webhook": one.Received,
    "escrow_review": escrow.Review,
    "escrow_reconciliation": escrow.Reconciliation,
    "login": one.Tokens,
    "refresh": one.Tokens,
    "logout": None,
    "methods": list[order.OfferedMethod],
    "method_create": order.PaymentMethod,
    "method": order.PaymentMethod,
    "method_change": order.PaymentMethod,
    "method_delete": order.PaymentMethod,
    "merchant": order.Merchant,
    "merchant_change": order.Merchant,
    "order_create": order.Order | order.PlainOrder,
    "orders": list[order.ListedOrder | order.ListedPlainOrder],
    "order": order.Order | order.PlainOrder,
    "checkout": order.Checkout,
    "order_cancel": order.Order | order.PlainOrder,
    "payment_status": order.OrderState,
    "refund": order.Refund,
    "settlements": list[order.Settlement],
    "settlement": order.Settlement,
    "settlement_mark": order.Settlement,
    "audit_logs": list[one.AuditLine],
    "order_payment": order.PaymentOfOrder,
    "payment_events": list[order.OrderEvent],
    "transactions": list[order.Transaction],
    "admin_payments": list[one.PaymentLine],
    "admin_payment": one.PaymentStory,
    "admin_subscriptions": list[one.Subscription],
    "admin_subscription": one.SubscriptionStory,
    "admin_webhooks": list[one.WebhookLine],
    "admin_webhook": one.WebhookStory,
    "admin_audit_logs": list[one.AuditLine],
}
_CURSORS = {"limit": "integer", "nextCursor": ["string", "null"], "hasMore": "boolean"}
_PAGES = dict.fromkeys(("page", "limit", "total", "totalPages"), "integer")


class _Untitled(GenerateJsonSchema):
    """Members without titles, which say their names again."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002  pydantic's
        return False


def describe(document: dict[str, Any], routes: Iterable[BaseRoute]) -> None:
    """Give each JSON answer of the document its schema, by its operation, and the nulls of its example."""
    written = {route.operation_id: route.responses for route in routes if isinstance(route, APIRoute)}
    shapes, components = _schemas()
    known = document["components"]["schemas"]
    if both := known.keys() & {name for name in components if components[name] != known.get(name)}:
        raise ValueError(f"shapes of answers that are called as shapes of requests are: {sorted(both)}")
    known |= components
    for operation in (each for methods in document["paths"].values() for each in methods.values()):
        name = operation["operationId"]
        for status, response in operation["responses"].items():
            content = response.get("content", {}).get("application/json")
            if content is not None and name in shapes and status[0] == "2":
                if own := written.get(name, {}).get(int(status)):  # FastAPI leaves nulls out
                    content["example"] = own["content"]["application/json"]["example"]
                content["schema"] = shapes[name] if name in _WHOLE else _enveloped(name, status, shapes[name], content)


@cache
def _schemas() -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema of each operation, and the components that they refer to."""
    adapters: list[tuple[str, Any, TypeAdapter[Any]]] = [
        (name, "serialization", TypeAdapter(shape)) for name, shape in (_WHOLE | _DATA).items()
    ]
    made, rest = TypeAdapter.json_schemas(adapters, ref_template=_REFS, schema_generator=_Untitled)
    return {name: schema for (name, _), schema in made.items()}, rest["$defs"]


def _enveloped(name: str, status: str, data: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    """The envelope, which has the members that its example has."""
    members: dict[str, Any] = {
        "success": {"const": True},
        "statusCode": {"const": int(status)},
        "message": {"type": "string"},
        "data": data,
        "meta": _meta(_PAGES if name == "escrow_list" else _CURSORS),
    }
    shown = [member for member in members if member in content["example"] or member == "data"]
    return {"type": "object", "required": shown, "properties": {member: members[member] for member in shown}}


def _meta(members: dict[str, Any]) -> dict[str, Any]:
    properties = {name: {"type": kind} for name, kind in members.items()}
    return {"type": "object", "required": list(members), "properties": properties}
