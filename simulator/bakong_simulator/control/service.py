"""The payment service beside the simulator: what it has stored, by its admin API, and its webhooks sent again.

It is asked with the keys that the sandbox has given along: the one that only reads, and for sending again the API key.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from bakong_simulator.console.facts import Facts
from bakong_simulator.kernel.errors import NoServiceError, ServiceDownError

TIMEOUT_S = 5.0
List = Literal["payments", "subscriptions", "orders", "escrow", "webhooks", "audit-logs"]
Story = Literal["payments", "subscriptions", "orders", "escrow", "webhooks"]
router = APIRouter(prefix="/sandbox/service")


class Answer(NamedTuple):
    """What the service answered."""

    status: int
    body: bytes
    media_type: str


async def ask(facts: Facts, path: str, query: dict[str, Any] | None = None, *, resends: bool = False) -> Answer:
    """One request to the service. Raises NoServiceError, ServiceDownError."""
    if not facts.service_url:
        raise NoServiceError("no payment service runs beside this simulator")
    import httpx  # noqa: PLC0415  a simulator that asks nobody starts without it

    headers = {"authorization": f"Bearer {facts.api_key if resends else facts.admin_key}"}
    url = f"{facts.service_url}{path}"
    transport = httpx.AsyncHTTPTransport(verify=False)  # it is plain HTTP; reading everybody's authorities takes 50 ms
    try:
        async with httpx.AsyncClient(transport=transport, timeout=TIMEOUT_S, trust_env=False) as client:
            answer = await client.request("POST" if resends else "GET", url, params=query, headers=headers)
    except httpx.HTTPError as error:
        raise ServiceDownError(f"the payment service does not answer ({type(error).__name__})") from None
    return Answer(answer.status_code, answer.content, answer.headers.get("content-type", "application/json"))


def story_path(kind: str, row_id: str) -> str:
    """Where the admin API has one row of a list, whatever its id is."""
    return f"/api/admin/{kind}/{quote(row_id, safe='')}"


def _facts(request: Request) -> Facts:
    given: Callable[[], Facts] = request.scope["facts"]
    return given()


FactsDep = Annotated[Facts, Depends(_facts)]
RowId = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


@router.get("/health", responses={503: {"description": "Unhealthy, or it does not answer"}})
async def service_health(facts: FactsDep) -> Response:
    """The service's health: its database, its limits, each provider."""
    return _passed(await ask(facts, "/api/health"))


@router.get("/{kind}")
async def service_rows(
    kind: List,
    facts: FactsDep,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=128, pattern=r"^[A-Za-z0-9_-]+$")] = None,
) -> Response:
    """What the service has stored, the newest first, as its admin API shows it."""
    place = {} if cursor is None else {"cursor": cursor}
    return _passed(await ask(facts, f"/api/admin/{kind}", {"limit": limit} | place))


@router.get("/{kind}/{row_id}")
async def service_story(kind: Story, row_id: RowId, facts: FactsDep) -> Response:
    """A payment or a subscription with its history, a webhook with its body and every try."""
    return _passed(await ask(facts, story_path(kind, row_id)))


@router.post("/webhooks/{row_id}/resend")
async def service_resend(row_id: RowId, facts: FactsDep) -> Response:
    """Let the service try a webhook once more, now: the same webhook-id and body, signed anew."""
    return _passed(await ask(facts, f"/api/webhooks/{row_id}/resend", resends=True))


def _passed(answer: Answer) -> Response:
    return Response(answer.body, answer.status, media_type=answer.media_type)
