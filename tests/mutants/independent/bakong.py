"""Asking Bakong: one deadline for the whole answer, and a verdict for whatever comes back."""

import http.client
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

DEADLINE_S = 4.0
MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class Answer:
    """paid (with its transaction), none, failed, quota, forbidden or down."""

    verdict: str
    tx: dict[str, Any] | None = None


DOWN = Answer("down")


class Bakong:
    def __init__(self, url: str, token: str) -> None:
        self._url = urlsplit(url)
        self._token = token

    def ask(self, md5: str) -> Answer:
        status, body = self._post("/v1/check_transaction_by_md5", {"md5": md5})
        return envelope(status, body)

    def ask_many(self, md5s: Sequence[str]) -> dict[str, Answer]:
        """One answer for each md5; a refused or broken list is one verdict for all."""
        status, body = self._post("/v1/check_transaction_by_md5_list", list(md5s))
        if status == 403:
            return dict.fromkeys(md5s, Answer("forbidden"))
        if (
            status == 200
            and isinstance(body, dict)
            and body.get("responseCode") == 0
            and isinstance(body.get("data"), list)
        ):
            rows = {
                row["md5"]: row for row in body["data"] if isinstance(row, dict) and isinstance(row.get("md5"), str)
            }
            return {md5: listed(rows.get(md5)) for md5 in md5s}
        whole = envelope(status, body)
        return dict.fromkeys(md5s, DOWN if whole.verdict in ("paid", "none", "failed") else whole)

    def _post(self, path: str, body: Any) -> tuple[int, Any]:
        """Status and JSON; status 0 where there was no answer in time or none that can be read."""
        until = time.monotonic() + DEADLINE_S
        maker = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        connection = maker(self._url.netloc, timeout=DEADLINE_S)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
        try:
            connection.request("POST", self._url.path.rstrip("/") + path, json.dumps(body), headers)
            sock = connection.sock
            answer = connection.getresponse()
            got = b""
            while len(got) < MOST_BYTES:
                left = until - time.monotonic()
                if left <= 0:
                    return 0, None
                sock.settimeout(left)
                piece = answer.read1(65536)
                if not piece:
                    break
                got += piece
            return answer.status, json.loads(got, parse_float=Decimal)
        except json.JSONDecodeError:
            return (answer.status if answer.status != 200 else 0), None
        except (OSError, http.client.HTTPException, ValueError, RecursionError):
            return 0, None
        finally:
            connection.close()


def envelope(status: int, body: Any) -> Answer:
    if status == 401:
        return Answer("unauthorized")
    if status != 200 or not isinstance(body, dict):
        return DOWN
    code, error, data = body.get("responseCode"), body.get("errorCode"), body.get("data")
    if code == 0 and isinstance(data, dict) and data:
        return Answer("paid", data)
    if code == 1:
        return Answer({1: "none", 3: "failed", 17: "quota", 6: "unauthorized"}.get(error, "down"))
    return DOWN


def listed(row: dict[str, Any] | None) -> Answer:
    if row is None:
        return DOWN
    if row.get("status") == "SUCCESS" and isinstance(row.get("data"), dict):
        return Answer("paid", row["data"])
    return {"NOT_FOUND": Answer("none"), "FAILED": Answer("failed")}.get(str(row.get("status")), DOWN)
