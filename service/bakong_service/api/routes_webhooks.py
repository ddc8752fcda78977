"""The routes of webhooks: what became of one, sending it again, a test event. Must not depend on the adapters."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from bakong_service.api.dependencies import CoreDep, answer
from bakong_service.api.examples import WEBHOOK, documented
from bakong_service.api.shapes import SendTest, ok, webhook_shown
from bakong_service.usecases import webhooks

WebhookId = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_-]+$", examples=[WEBHOOK])]
router = APIRouter(prefix="/api/webhooks", tags=["webhooks"])


@router.post("/test", **documented("webhook_test"))
async def send_test(body: SendTest, core: CoreDep, request: Request) -> Response:
    """Send webhook.test to a URL, or to the configured one: signed as every webhook, and tried once."""
    return await answer(
        request,
        core,
        lambda commit: commit(lambda unit: webhooks.send_test(unit, body.callback)),
        lambda made: webhook_shown(*made),
    )


@router.get("/{webhook_id}", **documented("webhook"))
async def show(webhook_id: WebhookId, core: CoreDep) -> dict[str, Any]:
    """A webhook by its webhook-id, with every try."""
    return ok(webhook_shown(*await webhooks.show(core, webhook_id)))


@router.post("/{webhook_id}/resend", **documented("webhook_resend"))
async def resend(webhook_id: WebhookId, core: CoreDep, request: Request) -> Response:
    """Try a webhook once more, now, whatever became of it: the same webhook-id and body, signed anew."""
    return await answer(
        request,
        core,
        lambda commit: commit(lambda unit: webhooks.resend(unit, webhook_id)),
        lambda made: webhook_shown(*made),
    )
