"""Letters to the main backend: written beside the change, signed by Standard Webhooks, tried until they are taken."""

import base64
import hashlib
import hmac
import http.client
import json
import secrets
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from store import Store

WAITS_S = (5, 300, 1800, 7200)
DEADLINE_S = 3.0


def iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def write(db: sqlite3.Connection, url: str, kind: str, data: dict[str, Any], now: int) -> None:
    if not url:
        return
    body = json.dumps({"type": kind, "timestamp": iso(now), "data": data}, ensure_ascii=False).encode()
    db.execute(
        "insert into mail(id,url,body,tries,due,state) values(?,?,?,0,?,'waiting')",
        ("msg_" + secrets.token_hex(12), url, body, now),
    )


def signature(secret: str, id_: str, stamp: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.digest(key, f"{id_}.{stamp}.".encode() + body, hashlib.sha256)).decode()


def send(url: str, headers: dict[str, str], body: bytes) -> bool:
    parts = urlsplit(url)
    maker = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = maker(parts.netloc, timeout=DEADLINE_S)
    try:
        connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
        return 200 <= connection.getresponse().status < 300
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()


class Post:
    def __init__(self, store: Store, secret: str) -> None:
        self._store = store
        self._secret = secret
        self._pool = ThreadPoolExecutor(8)

    def deliver(self, now: int) -> None:
        with self._store.tx() as db:
            due = db.execute("select * from mail where state='waiting' and due<=? order by no", (now,)).fetchall()
        list(self._pool.map(lambda row: self._one(row, now), due))

    def _one(self, row: sqlite3.Row, now: int) -> None:
        stamp = now // 1000
        headers = {
            "Content-Type": "application/json",
            "webhook-id": row["id"],
            "webhook-timestamp": str(stamp),
            "webhook-signature": signature(self._secret, row["id"], stamp, row["body"]),
        }
        taken = send(row["url"], headers, row["body"])
        tries = row["tries"] + 1
        state = "taken" if taken else "dead" if tries > len(WAITS_S) else "waiting"
        due = now if state != "waiting" else now + WAITS_S[tries - 1] * 1000
        with self._store.tx() as db:
            db.execute("update mail set tries=?, state=?, due=? where no=?", (tries, state, due, row["no"]))
