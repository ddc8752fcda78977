"""Who may call: keys, the limit of each key, addresses that guess, and answers that are given once."""

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Callable
from typing import Any

from ledger import Refusal
from store import Store

PER_MINUTE = 100
GUESSES, GUESS_MS, SHUT_MS = 10, 300_000, 900_000
REMEMBERED_MS = 86_400_000


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


class Gate:
    def __init__(self, store: Store, first_key: str) -> None:
        self._store = store
        with store.tx() as db:
            db.execute("insert or ignore into apikey values(?,'first',1)", (digest(first_key),))

    def make_key(self) -> str:
        key, owner = "tp_" + secrets.token_urlsafe(32), secrets.token_hex(6)
        with self._store.tx() as db:
            db.execute("insert into apikey values(?,?,1)", (digest(key), owner))
        return key

    def revoke(self, key: str) -> bool:
        with self._store.tx() as db:
            return db.execute("update apikey set live=0 where hash=?", (digest(key),)).rowcount == 1

    def owner(self, key: str, address: str, now: int) -> str:
        """Whose key it is; refuses strangers, and addresses that have guessed too often."""
        with self._store.tx() as db:
            shut = db.execute("select until from shut where address=?", (address,)).fetchone()
            if shut is not None and now < shut["until"]:
                raise Refusal(403, "shut-out", "Too many wrong keys came from here.", -(-(shut["until"] - now) // 1000))
            row = db.execute("select owner from apikey where hash=? and live=1", (digest(key),)).fetchone()
            if row is None:
                self._guessed(db, address, now)
        if row is None:
            raise Refusal(401, "who-are-you", "A valid X-Api-Key is needed.")
        return str(row["owner"])

    def _guessed(self, db: sqlite3.Connection, address: str, now: int) -> None:
        db.execute("delete from stranger where at<=?", (now - GUESS_MS,))
        db.execute("insert into stranger values(?,?)", (address, now))
        count = db.execute("select count(*) from stranger where address=?", (address,)).fetchone()[0]
        if count >= GUESSES:
            db.execute("insert or replace into shut values(?,?)", (address, now + SHUT_MS))
            db.execute("delete from stranger where address=?", (address,))

    def admit(self, owner: str, now: int) -> None:
        """A sliding log: never more than a hundred admitted in any 60 s."""
        with self._store.tx() as db:
            db.execute("delete from hit where owner=? and at<=?", (owner, now - 60_000))
            hits = db.execute("select at from hit where owner=? order by at", (owner,)).fetchall()
            if len(hits) < PER_MINUTE:
                db.execute("insert into hit values(?,?)", (owner, now))
                return
        wait = -(-(hits[len(hits) - PER_MINUTE]["at"] + 60_000 - now) // 1000)
        raise Refusal(429, "slow-down", "A hundred calls a minute are allowed.", max(1, wait))

    def once(
        self,
        owner: str,
        key: str | None,
        call: str,
        body: bytes,
        now: int,
        act: Callable[[sqlite3.Connection], tuple[int, Any]],
    ) -> tuple[int, str]:
        """Act and remember the answer in one transaction; the same key again is the same answer."""
        with self._store.tx() as db:
            if key is None:
                status, answer = act(db)
                return status, json.dumps(answer)
            if not 1 <= len(key) <= 255:
                raise Refusal(400, "bad-key", "An Idempotency-Key has 1 to 255 characters.")
            scope, print_ = f"{owner} {call} {digest(key)}", digest(call) + hashlib.sha256(body).hexdigest()
            db.execute("delete from once where at<=?", (now - REMEMBERED_MS,))
            row = db.execute("select * from once where scope=?", (scope,)).fetchone()
            if row is not None:
                if row["print"] != print_:
                    raise Refusal(422, "key-reused", "This Idempotency-Key came with another body.")
                return row["status"], row["body"]
            status, answer = act(db)
            db.execute("insert into once values(?,?,?,?,?)", (scope, print_, status, json.dumps(answer), now))
            return status, json.dumps(answer)
