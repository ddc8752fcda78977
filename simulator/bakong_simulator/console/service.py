"""The service's page: what the payment service beside the simulator has stored, its health, and its audit log."""

import json
from datetime import datetime
from typing import Any

from bakong_simulator.console.page import MissingError, Page
from bakong_simulator.control.service import ask, story_path
from bakong_simulator.kernel.errors import NoServiceError, ServiceDownError

# The lists: what each is called, and what its rows show.
LISTS = {
    "payments": "Payments",
    "subscriptions": "Subscriptions",
    "orders": "Orders",
    "escrow": "Escrow",
    "webhooks": "Webhooks",
    "audit-logs": "Audit log",
}
STORIES = ("payments", "subscriptions", "orders", "escrow", "webhooks")
# Whose a payment is that no user has made: how the service writes it, the list that has it, what it is called.
OWNERS = {"\x1forder/": ("orders", "Order"), "\x1fescrow/": ("escrow", "Escrow")}
ROWS = 20
MAX_ID = 64


async def values(page: Page) -> dict[str, Any]:
    """One list at a time, a row of it with its history, and health; or why there is nothing to show."""
    shown = page.asked("show")
    shown = shown if shown in LISTS else "payments"
    given: dict[str, Any] = {"lists": LISTS, "shown": shown, "rows": [], "more": None, "seen": None, "health": None}
    given["owner"] = owner
    part = page.asked("part")
    try:
        if part in ("", "rows"):
            listed = await _read(page, f"/api/admin/{shown}", _query(page))
            given |= {"rows": listed.get("data", []), "more": (listed.get("meta") or {}).get("nextCursor")}
        if part in ("", "seen"):
            given["seen"] = await _seen(page, shown)
        if part in ("", "health"):
            given["health"] = await _read(page, "/api/health", {})
    except NoServiceError:
        return given | {
            "problem": page.t("No service runs beside this simulator. Start the sandbox without --no-service.")
        }
    except ServiceDownError as error:
        return given | {"problem": str(error)}
    except _RefusedError as error:
        return given | {"problem": str(error)}
    return given | {"problem": ""}


class _RefusedError(Exception):
    """The service refused; the message is its own."""


async def _read(page: Page, path: str, query: dict[str, Any]) -> dict[str, Any]:
    answer = await ask(page.facts, path, query)
    document: dict[str, Any] = json.loads(answer.body)
    if answer.status == 404:
        raise MissingError(str(document.get("detail")))
    if answer.status >= 400 and path != "/api/health":
        raise _RefusedError(f"{answer.status}: {document.get('detail')}")
    return document


def _query(page: Page) -> dict[str, Any]:
    cursor = page.asked("cursor")
    return {"limit": ROWS} | ({"cursor": cursor} if cursor else {})


async def _seen(page: Page, shown: str) -> dict[str, Any] | None:
    row_id = page.asked("id")[:MAX_ID]
    if not row_id or shown not in STORIES:
        return None
    return (await _read(page, story_path(shown, row_id), {})).get("data")


def owner(user_id: str) -> tuple[str, str, str] | None:
    """The list that has what a payment is for, what that is called, and its id there; None for a user's own payment."""
    found = next((sign for sign in OWNERS if user_id.startswith(sign)), None)
    return None if found is None else (*OWNERS[found], user_id.removeprefix(found))


def at_ms(text: str) -> int:
    """Epoch ms of an instant as the service writes it."""
    return int(datetime.fromisoformat(text).timestamp() * 1000)
