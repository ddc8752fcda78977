"""Faults where two promises meet, as patches of the independent service's text: written from the reference alone."""

from tests.mutants.independent.faults import Fault

L, W, A, G, P, B, M = "ledger.py", "watch.py", "app.py", "gate.py", "post.py", "bakong.py", "money.py"
RENEWED = 'until=plan["until"] + CYCLE_MS)'
RAISED = 'self.set_plan(db, row, product=row["product"], lower_to=None, lower_at=None)'
LEAVING = 'ledger.set_plan(db, plan, state="leaving", lower_to=None, lower_at=None)'
WAITING = "\"select * from charge where owner=? and member=? and kind=? and state='waiting' and ends>?\",\n            (owner, member, kind, now),"
REJOINED = "\"insert or replace into plan values(?,?,?,?,'on',?,?,null,null,?)\","
DOWN_VERDICTS = 'if answer.verdict in ("down", "quota", "unauthorized", "forbidden"):'
HISTORY = '"select * from charge where owner=? and member=? order by no desc limit ? offset ?"'
SILENT = "return int((local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)).timestamp() * 1000)"
ROUND = "return (2 * (high - low) * left + CYCLE_S) // (2 * CYCLE_S)"
RAISE_SUM = 'minor = money.difference(low, high, plan["until"], max(now(), plan["lower_at"] or 0))'
BEGINS = "        self._list_closed = False\n\n    def run"
LETTER = '("msg_" + secrets.token_hex(12), url, body, now),'

FRESH = [
    # Quotes, and what the plan does meanwhile
    Fault("quote-from-cents", "upgrade.riel upgrade* quote*", "a quote in riel is the rounded quote in cents times the rate", (A, RAISE_SUM, 'minor = money.difference(prices.cents[money.LADDER[0]], prices.cents[top], plan["until"], max(now(), plan["lower_at"] or 0)) * (money.RIEL_PER_CENT if ccy == "KHR" else 1)')),
    Fault("quote-of-one-cycle", "upgrade* quote*", "a member who is paid two cycles ahead is raised for the price of one", (M, ROUND, f"left = min(left, CYCLE_S)\n    {ROUND}")),
    Fault("quote-at-least-a-cent", "upgrade* quote*", "a raise of nothing asks for a cent", (A, "if minor == 0:", "minor = max(1, minor)\n        if minor == 0:")),
    Fault("quote-lives-an-hour", "quote* upgrade* expired*", "a raise may be paid for an hour, not a quarter of one", (L, "now + LIFE_MS,\n                hook,", 'now + LIFE_MS * (4 if kind == "raise" else 1),\n                hook,')),
    Fault("dead-quote-again", "quote* upgrade* outage*", "while Bakong is out of reach a quote past its end is handed out again", (L, WAITING, WAITING.replace(" and ends>?", "").replace(", now)", ")"))),
    Fault("quote-for-the-next-cycle", "upgrade* quote*", "a quote of one cycle, paid in the next, raises the next", (L, 'and now < row["about"]', 'and now < plan["until"]')),
    Fault("raise-takes-back-cancel", "cancel* upgrade* change*", "a quote that is paid after the cancellation undoes the cancellation", (L, RAISED, RAISED.replace("lower_at=None", 'lower_at=None, state="on"'))),
    Fault("quote-of-another-owner", "key* upgrade*", "two callers whose members have one name share the open quote", (L, WAITING, WAITING.replace("owner=? and ", "").replace("(owner, ", "("))),
    # Renewing and lowering
    Fault("renewal-by-calendar", "renew* grace*", "a renewal lasts to the same day of the next month", (L, RENEWED, 'until=month_later(plan["until"]))', L, "def higher(", "def month_later(ms: int) -> int:\n    from calendar import monthrange\n    from datetime import UTC, datetime\n    at = datetime.fromtimestamp(ms / 1000, UTC)\n    return ms + monthrange(at.year, at.month)[1] * 86_400_000\n\n\ndef higher(")),
    Fault("lower-by-first-cycle", "downgrade*", "a downgrade is dated at the end of the first cycle, though the plan was renewed since", (A, 'at = plan["lower_at"] or plan["until"]', 'at = plan["lower_at"] or plan["since"] + 2_592_000_000')),
    Fault("lower-again-moves", "downgrade*", "a second downgrade, after an early renewal, moves the first one's date", (A, 'at = plan["lower_at"] or plan["until"]', 'at = plan["until"]')),
    Fault("old-bill-after-lower", "renew* downgrade*", "a bill that was open before the downgrade is handed out after it, at the higher price", (A, ' and found["product"] == product:', ":")),
    Fault("grace-to-midnight", "grace* due*", "the days of grace end at midnight, not three days after the date", (L, 'if plan["until"] + GRACE_MS <= now:', 'if (plan["until"] + GRACE_MS) // 86_400_000 * 86_400_000 <= now:')),
    Fault("paid-in-grace-still-owes", "grace* due* renew*", "a bill paid in the days of grace moves the date and leaves the state", (L, 'self.set_plan(db, row, state="on", product=product,', 'self.set_plan(db, row, state=plan["state"], product=product,')),
    # Cancelling
    Fault("cancel-keeps-lowering", "cancel* downgrade* change*", "a downgrade that was dated before an early renewal ends the cancelled plan at its date", (A, LEAVING, 'ledger.set_plan(db, plan, state="leaving")')),
    Fault("cancel-cuts-the-prepaid", "cancel* change*", "a cancelled plan ends a cycle from now at most, though more was paid", (A, LEAVING, LEAVING.replace('state="leaving"', 'state="leaving", until=min(plan["until"], now() + 2_592_000_000)'))),
    Fault("cancel-twice-is-now", "cancel* change*", "a second cancellation ends the plan at once", (A, LEAVING, f'{LEAVING}\n        if plan["state"] == "leaving":\n            ledger.set_plan(db, plan, state="left")')),
    Fault("leaving-buys-from-now", "cancel* granted* change*", "a member who leaves and buys again starts today and loses the days that were paid", (L, 'runs = plan is not None and plan["state"] not in ("ended", "left")', 'runs = plan is not None and plan["state"] not in ("ended", "left", "leaving")')),
    Fault("left-cannot-come-lower", "cancel* granted* downgrade* change*", "a member who left the higher plan cannot buy the lower one", (A, 'plan["state"] in ("on", "leaving", "owing") and plan["product"]', 'plan["product"]')),
    Fault("rejoin-keeps-currency", "renew* granted* cancel*", "who comes back and pays in the other currency is billed in the first", (L, REJOINED, "\"insert into plan values(?,?,?,?,'on',?,?,null,null,?) on conflict do update set product=excluded.product,\"\n                \" state='on', since=excluded.since, until=excluded.until, lower_to=null, lower_at=null\",")),
    Fault("cancel-for-all-owners", "key* cancel*", "a change of a member's plan is a change of every caller's member of that name", (L, "where owner=:owner_ and member=:member_", "where member=:member_")),
    # Members' names
    Fault("member-without-slash", "users* granted*", "the plan of a member whose name has a slash is not found", (A, '@app.get("/v2/members/<path:member>/plan")', '@app.get("/v2/members/<member>/plan")')),
    # The history and the list of many
    Fault("history-by-payment", "lists* users*", "the history is ordered by when a charge last changed", (A, HISTORY, HISTORY.replace("order by no", "order by coalesce(settled, opened) desc, no"))),
    Fault("lookup-of-49", "lists*", "fifty codes are one too many", (A, "1 <= len(codes) <= 50", "1 <= len(codes) < 50")),
    Fault("lookup-remembers", "lists*", "the list of many says what was true when it was asked for last", (A, 'return answer(200, {"found": [{"md5": code, "state": row["state"] if row else "unknown"} for code, row in rows]})', 'for code, row in rows:\n        if row is not None:\n            SEEN.setdefault(code, row["state"])\n    return answer(200, {"found": [{"md5": code, "state": SEEN.get(code, "unknown")} for code, _ in rows]})', A, "# Charges\n", "# Charges\n\nSEEN: dict[str, str] = {}\n")),
    # Waiting
    Fault("wait-reads-once", "monitor*", "a wait sees only what it asked itself", (A, "    start = asked = now()\n    while True:\n        with store.tx() as db:\n            row = ledger.of(db, g.owner, no)\n", "    start = asked = now()\n    with store.tx() as db:\n        row = ledger.of(db, g.owner, no)\n    while True:\n", A, "            asked = now()\n            watch.ask_one(no)\n            continue", "            asked = now()\n            watch.ask_one(no)\n            with store.tx() as db:\n                row = ledger.of(db, g.owner, no)\n            continue")),
    Fault("wait-knows-no-refusal", "monitor* failed*", "a wait goes on though Bakong said that the payment failed", (A, 'FINAL = ("settled", "declined", "lapsed")', 'FINAL = ("settled", "lapsed")')),
    # Bakong's answers
    Fault("amount-as-text", "paid* mismatch* outage* late*", "a reported amount is compared as text: 0.5 is not 0.50", (L, 'money.same(tx.get("amount"), row["minor"], row["ccy"])', 'str(tx.get("amount")) == money.shown(row["minor"], row["ccy"])')),
    Fault("judges-by-message", "paid* create* outage*", "only the message Success is a success", (B, "if code == 0 and isinstance(data, dict) and data:", 'if code == 0 and body.get("responseMessage") == "Success" and isinstance(data, dict) and data:')),
    Fault("needs-moments", "paid* outage* granted*", "a payment without its moments is not taken", (B, "if code == 0 and isinstance(data, dict) and data:", 'if code == 0 and isinstance(data, dict) and data.get("acknowledgedDateMs"):')),
    Fault("trusts-any-moment", "paid* granted*", "a moment before the charge was opened is taken for when it was paid", (L, 'isinstance(moment, int) and moment >= row["opened"]', "isinstance(moment, int)")),
    Fault("list-gap-is-unpaid", "outage* garbage*", "a code that Bakong left out of the list's answer is unpaid", (B, "    if row is None:\n        return DOWN", '    if row is None:\n        return Answer("none")')),
    Fault("refused-then-lapses", "failed* expired*", "a charge that failed becomes a lapsed one at its end", (L, "update charge set state='lapsed' where no=? and state='waiting'", "update charge set state='lapsed' where no=? and state in ('waiting','declined')")),
    Fault("stale-refusal", "paid* failed* granted* watched*", "a slow answer that a payment failed undoes the payment seen meanwhile", (L, "update charge set state='declined' where no=? and state='waiting'", "update charge set state='declined' where no=? and state in ('waiting','settled')")),
    # Quota, outage, restart
    Fault("quota-month-end", "quota* restart.quota", "the next midnight cannot be reckoned on the last day of a month", (W, SILENT, "return int(local.replace(day=local.day + 1, hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)")),
    Fault("quota-lapses", "quota* late* outage*", "a charge that ends while the quota is spent lapses unasked", (W, DOWN_VERDICTS, 'if answer.verdict == "quota" and now >= row["ends"]:\n            self.ledger.lapse(db, row, now)\n        ' + DOWN_VERDICTS)),
    Fault("down-three-times-lapses", "outage* late* expired*", "a charge past its end lapses after three failed questions", (W, DOWN_VERDICTS, 'if row["fails"] >= 3 and now >= row["ends"]:\n            self.ledger.lapse(db, row, now)\n        ' + DOWN_VERDICTS)),
    Fault("outage-ends-lists", "outage* watched*", "after an outage the worker asks one by one for ever", (W, 'if answers[md5s[0]].verdict != "forbidden":\n                return answers', 'if answers[md5s[0]].verdict not in ("forbidden", "down"):\n                return answers')),
    Fault("start-forgets-the-ended", "restart* late*", "a charge that ended while the service was down is not asked for again", (W, BEGINS, '        self._list_closed = False\n        with store.tx() as db:\n            db.execute("update charge set ask_at=null where ends<=?", (now(),))\n\n    def run')),
    Fault("revoked-is-unwatched", "key* watched* restart*", "a charge made with a key that was revoked since is not watched", (W, '"select * from charge where ask_at<=? order by ask_at"', '"select charge.* from charge join apikey using(owner) where live=1 and ask_at<=? order by ask_at"')),
    # Letters
    Fault("letter-id-of-member", "webhook* watched*", "a letter's id is made of its member and event: the second of its kind is never sent", (P, LETTER, '("msg_" + hashlib.sha256(f"{kind} {data[\'member\']} {data.get(\'product\')}".encode()).hexdigest()[:24], url, body, now),', P, '"insert into mail(', '"insert or ignore into mail(')),
    Fault("hook-without-query", "webhook*", "the callback's query is left out", (P, '(parts.path or "/") + (f"?{parts.query}" if parts.query else "")', 'parts.path or "/"')),
    # Keys, limits, repeats
    Fault("repeat-by-route", "idempotency*", "a repeated key counts for every member's path", (A, 'f"{request.method} {request.path}"', 'f"{request.method} {request.endpoint}"')),
    Fault("repeat-key-cut", "idempotency*", "keys of a repeat are compared by their first 64 characters", (G, "{owner} {call} {digest(key)}", "{owner} {call} {digest(key[:64])}")),
    Fault("repeat-print-of-member", "idempotency*", "a repeat in another currency is taken for the same request", (G, "digest(call) + hashlib.sha256(body).hexdigest()", 'digest(call) + digest(str([json.loads(body or b"{}").get(name) for name in ("member", "product", "hook")]))')),
    Fault("guesses-add-up", "key*", "wrong keys of a whole day are counted together", (G, "(now - GUESS_MS,)", "(now - 86_400_000,)")),
    Fault("right-key-forgives", "key*", "one right key wipes out the wrong ones before it", (G, "        if row is None:\n            raise Refusal(401", '        if row is not None:\n            with self._store.tx() as db:\n                db.execute("delete from stranger where address=?", (address,))\n        if row is None:\n            raise Refusal(401')),
]  # fmt: skip
