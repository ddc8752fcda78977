"""Tonle Pay, an independent payment service: HTTP on top of the ledger, the gate and the worker."""

import hmac
import json
import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import money
from bakong import Bakong
from flask import Flask, Response, g, request
from gate import Gate
from ledger import Ledger, Refusal
from post import Post, iso
from store import Store
from watch import Watch
from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler

ENV = os.environ
MOST_BODY = 65_536
FINAL = ("settled", "declined", "lapsed")

app = Flask("tonle")
store = Store(ENV["DB"])
prices = money.Prices({"STARTER": int(ENV.get("STARTER_CENTS", "50")), "HOME": int(ENV.get("HOME_CENTS", "100"))})
ledger = Ledger(store, prices, ENV["ACCOUNT"], "Tonle Pay", ENV.get("HOOK_URL", ""))
gate = Gate(store, ENV["API_KEY"])


def now() -> int:
    if "TEST_CLOCK" not in ENV:
        return time.time_ns() // 1_000_000
    return int(store.get("now") or time.time_ns() // 1_000_000)


watch = Watch(store, ledger, Bakong(ENV["BAKONG_URL"], ENV["BAKONG_TOKEN"]), Post(store, ENV["HOOK_SECRET"]), now)


# What comes in


def no_number(text: str) -> Any:
    raise ValueError(text)


def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(items)) != len(items):
        raise ValueError("a name twice")
    return dict(items)


def body() -> dict[str, Any]:
    raw = request.get_data(cache=True)
    if not raw:
        return {}
    try:
        got = json.loads(raw, parse_float=Decimal, parse_constant=no_number, object_pairs_hook=pairs)
    except (ValueError, RecursionError, ArithmeticError):
        raise Refusal(400, "not-json", "The body is not JSON.") from None
    if not isinstance(got, dict):
        raise Refusal(400, "not-an-object", "The body is to be an object.")
    return got


def named(value: Any) -> str:
    if (
        not isinstance(value, str)
        or not re.fullmatch(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,100}", value)
        or value != value.strip()
    ):
        raise Refusal(422, "bad-member", "member: 1 to 100 characters, none of them a control character.")
    return value


def hook_of(given: dict[str, Any]) -> str:
    hook = given.get("hook") or ""
    if not isinstance(hook, str) or (hook and not re.fullmatch(r"https?://[!-~]{1,500}", hook)):
        raise Refusal(422, "bad-hook", "hook: an http or https URL.")
    return hook


def window(name: str, default: int, least: int, most: int) -> int:
    text = request.args.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) or not least <= int(text) <= most:
        raise Refusal(422, "bad-window", f"{name}: {least} to {most}.")
    return int(text)


@app.before_request
def guard() -> None:
    if (request.content_length or 0) > MOST_BODY:
        raise Refusal(413, "too-large", "A body has 64 KiB at most.")
    if request.path.startswith(("/v2/", "/ops/")) and not request.path.startswith("/ops/clock"):
        if request.path.startswith("/ops/"):
            if not hmac.compare_digest(request.headers.get("X-Ops-Key", "").encode(), ENV["OPS_KEY"].encode()):
                raise Refusal(401, "who-are-you", "A valid X-Ops-Key is needed.")
            return
        g.owner = gate.owner(request.headers.get("X-Api-Key", ""), request.remote_addr or "", now())
        gate.admit(g.owner, now())


@app.errorhandler(Refusal)
def refused(e: Refusal) -> Response:
    answer = Response(json.dumps({"error": {"kind": e.kind, "text": e.text}}), e.status, mimetype="application/json")
    if e.wait_s is not None:
        answer.headers["Retry-After"] = str(e.wait_s)
    return answer


@app.errorhandler(Exception)
def broken(e: Exception) -> Response:
    if isinstance(e, HTTPException):
        return refused(Refusal(e.code or 500, "http", e.name))
    app.logger.error("failed: %s", type(e).__name__)
    return refused(Refusal(500, "our-fault", "Something went wrong here."))


def answer(status: int, value: Any) -> Response:
    return Response(value if isinstance(value, str) else json.dumps(value), status, mimetype="application/json")


def changing(act: Callable[[sqlite3.Connection], tuple[int, Any]]) -> Response:
    key = request.headers.get("Idempotency-Key")
    return answer(
        *gate.once(g.owner, key, f"{request.method} {request.path}", request.get_data(cache=True), now(), act)
    )


# Charges


@app.post("/v2/charges")
def create() -> Response:
    given = body()
    member, product, ccy, hook = named(given.get("member")), given.get("product"), given.get("ccy"), hook_of(given)
    if (
        not isinstance(product, str)
        or product not in prices.cents
        or not isinstance(ccy, str)
        or ccy not in money.PLACES
    ):
        raise Refusal(422, "bad-product", "product: STARTER or HOME; ccy: USD or KHR.")
    minor = prices.minor(product, ccy)
    if not money.same(given.get("sum"), minor, ccy):
        raise Refusal(422, "wrong-sum", "The sum is not the product's price.")

    def act(db: sqlite3.Connection) -> tuple[int, Any]:
        plan = ledger.plan(db, g.owner, member)
        if plan is not None and plan["state"] in ("on", "leaving", "owing") and plan["product"] != product:
            raise Refusal(409, "has-plan", "This member has another plan: raise or lower it.")
        return 201, ledger.view(ledger.open(db, g.owner, member, product, "purchase", minor, ccy, hook, now()))

    return changing(act)


@app.get("/v2/charges/<int:no>")
def status(no: int) -> Response:
    with store.tx() as db:
        ledger.of(db, g.owner, no)
    watch.ask_one(no)
    with store.tx() as db:
        return answer(200, ledger.view(ledger.of(db, g.owner, no)))


@app.post("/v2/charges/<int:no>/wait")
def wait(no: int) -> Response:
    given = body()
    most, every = given.get("within_ms", 300_000), given.get("every_ms", 5_000)
    if type(most) is not int or type(every) is not int or not 0 < most <= 900_000 or not 1_000 <= every <= 60_000:
        raise Refusal(422, "bad-wait", "within_ms: 1 to 900000; every_ms: 1000 to 60000.")
    start = asked = now()
    while True:
        with store.tx() as db:
            row = ledger.of(db, g.owner, no)
        if row["state"] in FINAL:
            return answer(200, {"no": no, "state": row["state"]})
        if now() >= start + most:
            return answer(200, {"no": no, "state": "gave-up"})
        if now() >= asked + every:
            asked = now()
            watch.ask_one(no)
            continue
        with watch.moved:
            watch.moved.wait(0.2)


@app.post("/v2/charges/lookup")
def lookup() -> Response:
    codes = body().get("md5s")
    if not isinstance(codes, list) or not 1 <= len(codes) <= 50 or not all(isinstance(code, str) for code in codes):
        raise Refusal(422, "bad-codes", "md5s: 1 to 50 of them.")
    with store.tx() as db:
        query = "select state from charge where md5=? and owner=?"
        rows = [(code, db.execute(query, (code, g.owner)).fetchone()) for code in codes]
    return answer(200, {"found": [{"md5": code, "state": row["state"] if row else "unknown"} for code, row in rows]})


@app.get("/v2/members/<path:member>/charges")
def history(member: str) -> Response:
    take, skip = window("take", 20, 1, 100), window("skip", 0, 0, 999_999_999)
    with store.tx() as db:
        rows = db.execute(
            "select * from charge where owner=? and member=? order by no desc limit ? offset ?",
            (g.owner, member, take, skip),
        ).fetchall()
    return answer(200, {"charges": [ledger.view(row) for row in rows]})


# Plans


@app.get("/v2/members/<path:member>/plan")
def plan_of(member: str) -> Response:
    with store.tx() as db:
        ledger.pass_time(db, now())
        plan = ledger.plan(db, g.owner, member)
    if plan is None:
        return answer(200, {"active": False, "plan": None})
    view = {
        "product": plan["product"],
        "state": plan["state"],
        "since": iso(plan["since"]),
        "paidUntil": iso(plan["until"]),
    }
    return answer(
        200, {"active": plan["state"] in ("on", "leaving", "owing"), "plan": view | {"lowersTo": plan["lower_to"]}}
    )


@app.post("/v2/members/<path:member>/plan/raise")
def raise_(member: str) -> Response:
    hook = hook_of(body())

    def act(db: sqlite3.Connection) -> tuple[int, Any]:
        plan = ledger.running(db, g.owner, member, now())
        if plan["product"] == money.LADDER[-1] and plan["lower_to"] is None:
            raise Refusal(409, "highest", "There is nothing above this plan.")
        found = ledger.waiting(db, g.owner, member, "raise", now())
        if found is not None:
            return 200, {"due": money.shown(found["minor"], found["ccy"]), "charge": ledger.view(found)}
        ccy, top = plan["ccy"], money.LADDER[-1]
        low, high = prices.minor(money.LADDER[0], ccy), prices.minor(top, ccy)
        minor = money.difference(low, high, plan["until"], max(now(), plan["lower_at"] or 0))
        if minor == 0:
            ledger.set_plan(db, plan, product=top, lower_to=None, lower_at=None)
            return 200, {"due": money.shown(0, ccy), "charge": None}
        row = ledger.open(db, g.owner, member, top, "raise", minor, ccy, hook or plan["hook"], now())
        db.execute("update charge set about=? where no=?", (plan["until"], row["no"]))
        return 200, {"due": money.shown(minor, ccy), "charge": ledger.view(row)}

    return changing(act)


@app.post("/v2/members/<path:member>/plan/lower")
def lower(member: str) -> Response:
    def act(db: sqlite3.Connection) -> tuple[int, Any]:
        plan = ledger.running(db, g.owner, member, now())
        if plan["product"] == money.LADDER[0] or plan["state"] == "leaving":
            raise Refusal(409, "lowest", "There is nothing below this plan, or it ends anyway.")
        at = plan["lower_at"] or plan["until"]
        ledger.set_plan(db, plan, lower_to=money.LADDER[0], lower_at=at)
        return 200, {"from": iso(at), "product": money.LADDER[0]}

    return changing(act)


@app.post("/v2/members/<path:member>/plan/leave")
def leave(member: str) -> Response:
    def act(db: sqlite3.Connection) -> tuple[int, Any]:
        plan = ledger.running(db, g.owner, member, now())
        ledger.set_plan(db, plan, state="leaving", lower_to=None, lower_at=None)
        return 200, {"runsUntil": iso(plan["until"])}

    return changing(act)


@app.post("/v2/members/<path:member>/plan/bill")
def bill(member: str) -> Response:
    hook = hook_of(body())

    def act(db: sqlite3.Connection) -> tuple[int, Any]:
        plan = ledger.live(db, g.owner, member, now())
        if plan["state"] == "leaving":
            raise Refusal(409, "leaving", "This plan ends with its cycle.")
        product, ccy = plan["lower_to"] or plan["product"], plan["ccy"]
        minor = prices.minor(product, ccy)
        found = ledger.waiting(db, g.owner, member, "bill", now())
        if found is not None and found["product"] == product:
            return 200, ledger.view(found)
        return 200, ledger.view(
            ledger.open(db, g.owner, member, product, "bill", minor, ccy, hook or plan["hook"], now())
        )

    return changing(act)


# Operations


@app.get("/healthz")
def health() -> Response:
    return answer(200, {"bakong": "fine" if watch.well else "poor"})


@app.post("/ops/keys")
def make_key() -> Response:
    return answer(201, {"key": gate.make_key()})


@app.post("/ops/keys/revoke")
def revoke_key() -> Response:
    if not gate.revoke(str(body().get("key"))):
        raise Refusal(404, "no-such-key", "There is no such key.")
    return answer(200, {})


@app.post("/ops/clock")
def clock() -> Response:
    moment = body().get("now_ms")
    if "TEST_CLOCK" not in ENV or type(moment) is not int:
        raise Refusal(404, "http", "Not Found")
    store.put("now", str(moment))
    watch.tick()
    with watch.moved:
        watch.moved.notify_all()
    return answer(200, {})


if __name__ == "__main__":
    WSGIRequestHandler.protocol_version = "HTTP/1.1"
    threading.Thread(target=watch.run, daemon=True).start()
    Path(ENV["DB"]).with_name("pid").write_text(str(os.getpid()))
    app.run("127.0.0.1", int(ENV["PORT"]), threaded=True, debug=False)
