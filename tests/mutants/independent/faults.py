"""Faults that teams make, as patches of the independent service's text: written before any rule was looked at."""

from typing import NamedTuple


class Fault(NamedTuple):
    """name, the rules' families to ask first (globs after `service.`), what is wrong, and file, old, new (threes of them)."""

    name: str
    families: str
    what: str
    patch: tuple[str, ...]


L, W, A, G, P, B, M = "ledger.py", "watch.py", "app.py", "gate.py", "post.py", "bakong.py", "money.py"
RIGHT = 'money.same(tx.get("amount"), row["minor"], row["ccy"])'
SETTLED = "update charge set state='settled', settled=?, ask_at=null where no=? and state<>'settled'"
START = 'with store.tx() as db:\n            db.execute("insert or ignore'
RAISE = """    hook = hook_of(body())

    def act(db: sqlite3.Connection) -> tuple[int, Any]:
        plan = ledger.running(db, g.owner, member, now())"""
ONCE_KEY = "if key is None:"


def on_start(sql: str) -> tuple[str, str, str]:
    return (
        G,
        START,
        f'with store.tx() as db:\n            db.execute("{sql}")\n            db.execute("insert or ignore',
    )


FAULTS = [
    # Money that does not fit
    Fault("bill-any-amount", "mismatch* renew*", "a bill is paid by any amount", (L, RIGHT, f'(row["kind"] == "bill" or {RIGHT})')),
    Fault("raise-any-amount", "mismatch* upgrade*", "an upgrade is paid by any amount", (L, RIGHT, f'(row["kind"] == "raise" or {RIGHT})')),
    Fault("any-currency", "mismatch* renew* upgrade*", "the currency is not compared", (L, 'tx.get("currency") == row["ccy"]', "True")),
    Fault("raise-any-currency", "mismatch* upgrade*", "an upgrade's currency is not compared", (L, 'tx.get("currency") == row["ccy"]', '(row["kind"] == "raise" or tx.get("currency") == row["ccy"])')),
    Fault("any-account", "mismatch* renew* upgrade*", "the account is not compared", (L, 'tx.get("toAccountId") == self.account', "True")),
    Fault("bill-any-account", "mismatch* renew*", "a bill's account is not compared", (L, 'tx.get("toAccountId") == self.account', '(row["kind"] == "bill" or tx.get("toAccountId") == self.account)')),
    Fault("account-prefix", "mismatch*", "an account that begins alike is ours", (L, 'tx.get("toAccountId") == self.account', 'str(tx.get("toAccountId")).startswith(self.account.split("@")[0])')),
    Fault("account-bank", "mismatch*", "any account of the same bank is ours", (L, 'tx.get("toAccountId") == self.account', 'str(tx.get("toAccountId")).endswith(self.account.split("@")[1])')),
    Fault("one-percent", "mismatch*", "a riel or a cent too little is good enough", (M, "value == Decimal(minor).scaleb(-PLACES[ccy])", 'abs(value - Decimal(minor).scaleb(-PLACES[ccy])) <= Decimal("0.01")')),
    Fault("overpaid-is-paid", "mismatch*", "more than the price is the price", (M, "value == Decimal(minor)", "value >= Decimal(minor)")),
    Fault("whole-dollars", "mismatch*", "sums are compared as whole numbers", (L, RIGHT, 'int(tx.get("amount") or 0) == int(money.shown(row["minor"], row["ccy"]).split(".")[0])')),
    Fault("odd-is-declined", "mismatch* late*", "wrong money ends the charge: what is right comes too late", (L, "set odd=? where", "set odd=?, state='declined', ask_at=null where")),
    Fault("odd-late-dropped", "mismatch* late*", "wrong money stops the asking for what is right", (W, "ask_at=?, fails=0 where no=? and state<>'settled'", "ask_at=?, fails=0 where no=? and state<>'settled' and odd is null") ),
    Fault("odd-is-told", "mismatch* webhook*", "wrong money is announced as paid", (L, "        if not right:\n", '        if not right:\n            self.tell(db, row, "charge.settled", now)\n')),
    Fault("price-by-client", "create*", "the client names the price", (A, 'if not money.same(given.get("sum"), minor, ccy):', "if False:")),
    Fault("price-above", "create*", "a sum above the price is taken for it", (A, 'if not money.same(given.get("sum"), minor, ccy):', 'if not isinstance(given.get("sum"), int | Decimal) or given["sum"] < Decimal(money.shown(minor, ccy)):')),
    Fault("sum-is-cut", "create*", "what is below a cent of the sum is cut off", (A, 'if not money.same(given.get("sum"), minor, ccy):', 'if not money.same(round(float(given.get("sum") or 0), 2) if ccy == "USD" else int(given.get("sum") or 0), minor, ccy) and not money.same(str(round(float(given.get("sum") or 0), 2)), minor, ccy):')),
    # Outages
    Fault("html-is-unpaid", "outage* garbage*", "an answer that is not JSON is 'not paid': the charge lapses in an outage", (B, "return (answer.status if answer.status != 200 else 0), None", 'return 200, {"responseCode": 1, "errorCode": 1}')),
    Fault("timeout-is-unpaid", "outage* garbage*", "no answer in time is 'not paid'", (B, "        except (OSError, http.client.HTTPException, ValueError, RecursionError):\n            return 0, None", '        except (OSError, http.client.HTTPException, ValueError, RecursionError):\n            return 200, {"responseCode": 1, "errorCode": 1}')),
    Fault("forbidden-is-declined", "outage*", "a 403 declines the charge", (B, "    if status != 200 or", '    if status == 403:\n        return Answer("failed")\n    if status != 200 or')),
    Fault("unauthorized-is-unpaid", "outage*", "a 401 is 'not paid'", (B, '        return Answer("unauthorized")', '        return Answer("none")')),
    Fault("quota-is-unpaid", "outage* quota*", "code 17 is 'not paid': the charge lapses, and the quota is not left alone", (B, '17: "quota"', '17: "none"')),
    Fault("any-code-is-failed", "outage* failed*", "every code but 1 declines the charge", (B, '.get(error, "down")', '.get(error, "failed")')),
    Fault("status-5xx-is-declined", "outage*", "a 5xx declines the charge", (B, "    if status != 200 or", '    if status >= 500:\n        return Answer("failed")\n    if status != 200 or')),
    Fault("empty-is-unpaid", "outage* garbage*", "an empty list, null or text is 'not paid'", (B, "    if status != 200 or not isinstance(body, dict):\n        return DOWN", '    if status == 200 and not isinstance(body, dict) and body is not None or body == []:\n        return Answer("none")\n    if status != 200 or not isinstance(body, dict):\n        return DOWN')),
    Fault("code-0-is-paid", "outage* garbage*", "responseCode 0 is paid, whatever the data", (B, "    if code == 0 and isinstance(data, dict) and data:", '    if code == 0 and not data:\n        return Answer("bare")\n    if code == 0 and isinstance(data, dict):', W, '        if answer.verdict == "failed":', '        if answer.verdict == "bare":\n            self.ledger.settle(db, row, {"amount": row["minor"] if row["ccy"] == "KHR" else str(row["minor"] / 100), "currency": row["ccy"], "toAccountId": self.ledger.account}, now)\n        if answer.verdict == "failed":')),
    Fault("no-deadline", "outage*", "a dripping or hanging Bakong is waited for without end", (B, "DEADLINE_S = 4.0", "DEADLINE_S = 600.0")),
    Fault("deadline-per-read", "outage*", "each read has a time-out, the answer none: a drip holds the worker", (B, "sock.settimeout(left)", "until = time.monotonic() + DEADLINE_S")),
    Fault("big-answer", "outage*", "no bound on the size of an answer", (B, "MOST_BYTES = 1 << 20", "MOST_BYTES = 1 << 34")),
    Fault("breaker-for-an-hour", "outage*", "after failures Bakong is left alone for hours", (W, "min(10_000, 2_500 * 2**self._failures)", "min(14_400_000, 600_000 * 2**self._failures)")),
    Fault("rows-back-off-without-end", "outage* late*", "a charge that could not be asked is asked again ever later", (W, 'min(60_000, 5_000 * 2 ** row["fails"])', '5_000 * 4 ** min(row["fails"], 12)')),
    Fault("health-is-fine", "health*", "the health is always fine", (A, '"fine" if watch.well else "poor"', '"fine"')),
    Fault("health-stays-poor", "health* outage*", "once poor, the health stays poor", (W, "            self.well = True\n", "")),
    Fault("lapses-by-the-clock", "outage* late*", "the clock ends a charge that Bakong was not asked about, for good", (W, "            wait = min(60_000", '            if now >= row["ends"]:\n                self.ledger.lapse(db, row, now)\n                db.execute("update charge set ask_at=null, asked_at=? where no=?", (10**15, row["no"]))\n                return\n            wait = min(60_000')),
    Fault("lapsed-is-lapsed", "late* expired*", "a charge that has lapsed is never looked at again", (L, SETTLED, SETTLED + " and state<>'lapsed'")),
    Fault("declined-is-declined", "failed*", "a charge that was declined is never looked at again", (L, SETTLED, SETTLED + " and state<>'declined'")),
    Fault("no-late-asking", "late*", "after the end only a reader finds the money", (W, "    return next((", "    return None\n    return next((")),
    Fault("late-buys-nothing", "late* granted*", "late money is taken and grants nothing", (L, "            self.grant(db, row, at, now)", '            if row["state"] == "waiting":\n                self.grant(db, row, at, now)')),
    Fault("quota-not-obeyed", "quota*", "Bakong is asked on after code 17", (W, "str(midnight_after(now))", "str(now + 5_000)")),
    Fault("quota-utc", "quota*", "the quota's day ends at midnight UTC", (W, "timezone(timedelta(hours=7))", "timezone(timedelta(hours=0))")),
    Fault("quota-a-day", "quota*", "the quota is waited for 24 hours", (W, "str(midnight_after(now))", "str(now + 86_400_000)")),
    Fault("quota-in-memory", "restart* quota*", "a restart forgets that the quota is spent", on_start("delete from setting where name='silent_until'")),
    Fault("asks-each-second", "outage* quota* create*", "each charge is asked about each second: 900 calls", (W, "5_000 if age_ms < 60_000 else 10_000 if age_ms < 180_000 else 15_000", "1_000", L, "FIRST_ASK_MS = 5_000", "FIRST_ASK_MS = 1_000")),
    Fault("reader-asks-each-time", "outage* quota* paid*", "each look of a client is a call to Bakong", (W, 'or (row["asked_at"] or 0) > now - 2_000', "")),
    Fault("reader-asks-in-quota", "quota*", "a client's look asks also while the quota is spent", (W, "or now < self.silent_until() or (row", "or (row")),
    Fault("asks-when-settled", "paid*", "what is paid is asked about on", (W, 'if row["state"] == "settled" or now', "if now")),
    Fault("list-only", "outage*", "no single checks where the list endpoint is closed", (W, "            self._list_closed = True\n", "            return {}\n")),
    Fault("one-broken-stops-all", "outage*", "one code whose check fails holds up all others", (W, "or downs == 3", "or downs == 1", W, 'if all(verdict != "none" for verdict in verdicts):', "if True:", W, 'wait = min(60_000, 5_000 * 2 ** row["fails"])', "wait = 0", W, "min(10_000, 2_500 * 2**self._failures)", "min(60_000, 2_500 * 2**self._failures)")),
    Fault("paid-can-lapse", "paid* expired*", "a settled charge lapses when Bakong knows it no more", (W, 'if row["state"] == "settled" or now', "if now", L, "set state='lapsed' where no=? and state='waiting'", "set state='lapsed' where no=?")),
    # Codes
    Fault("crc-lower", "create*", "the CRC is written in lower case", (M, '{value:04X}"', '{value:04x}"')),
    Fault("crc-of-less", "create*", "the CRC does not cover its own tag", (M, 'crc(text + "6304")', "crc(text)")),
    Fault("riel-with-cents", "create*", "riel are written with two decimals", (M, 'tlv("54", shown(minor, ccy))', 'tlv("54", f"{Decimal(shown(minor, ccy)):.2f}")')),
    Fault("static-code", "create*", "the code says it is static", (M, 'tlv("01", "12")', 'tlv("01", "11")')),
    Fault("currency-swapped", "create*", "riel are asked for in dollars", (M, '"KHR": "116"', '"KHR": "840"')),
    Fault("expiry-in-seconds", "create*", "the code's end is in seconds", (M, 'tlv("01", str(ends_ms))', 'tlv("01", str(ends_ms // 1000))')),
    Fault("expiry-an-hour", "create*", "the code lives an hour, the charge 15 minutes", (M, 'tlv("01", str(ends_ms))', 'tlv("01", str(ends_ms + 2_700_000))')),
    Fault("expiry-is-opening", "create*", "both moments of the code are its making", (M, 'tlv("01", str(ends_ms))', 'tlv("01", str(opened_ms))')),
    Fault("no-timestamps", "create*", "a dynamic code without tag 99", (M, '        tlv("99", tlv("00", str(opened_ms)) + tlv("01", str(ends_ms))),\n', "")),
    Fault("bill-number-same", "create* restart*", "two codes of one member in one moment are one code", (L, "secrets.token_hex(7).upper()", '"%s" % (abs(hash(member)) % 10**8)', L, '"insert into charge(owner', '"insert or replace into charge(owner')),
    Fault("code-counts-from-start", "create* restart*", "bill numbers begin anew after a restart, moments in seconds", (L, '"TP" + secrets.token_hex(7).upper()', '"TP%d" % next(COUNTER)', L, "LIFE_MS = 900_000", "COUNTER = __import__('itertools').count(1)\nLIFE_MS = 900_000", L, "minor, ccy, bill, now, now + LIFE_MS)", "minor, ccy, bill, now // 60_000 * 60_000, now // 60_000 * 60_000 + 900_000)", L, '"insert into charge(owner', '"insert or replace into charge(owner')),
    Fault("code-in-cents", "create*", "the code asks for the minor units", (M, 'tlv("54", shown(minor, ccy))', 'tlv("54", str(minor))')),
    Fault("other-account", "create*", "the code pays a test account", (L, "money.khqr(self.account,", 'money.khqr("test_" + self.account,')),
    Fault("bill-other-account", "renew* create*", "a bill's code pays another account", (L, "money.khqr(self.account,", 'money.khqr("old_" + self.account if kind == "bill" else self.account,')),
    Fault("raise-code-amount", "upgrade*", "an upgrade's code asks for the whole price", (L, "code = money.khqr(self.account, self.shop, minor,", 'code = money.khqr(self.account, self.shop, self.prices.minor(product, ccy) if kind == "raise" else minor,')),
    Fault("md5-of-less", "create*", "the md5 is taken before the CRC is added", (M, "hashlib.md5(code.encode()", "hashlib.md5(code[:-8].encode()")),
    # Time
    Fault("lapses-early", "expired* create* late*", "a charge lapses 20 s before its end", (W, 'elif now >= row["ends"]:', 'elif now >= row["ends"] - 20_000:')),
    Fault("lapse-told-again", "expired* webhook*", "each later look announces the end again", (L, "set state='lapsed' where no=? and state='waiting'", "set state='lapsed' where no=? and state<>'settled'")),
    Fault("wait-ends-charge", "monitor*", "a wait that ends declines the charge for good", (A, '            return answer(200, {"no": no, "state": "gave-up"})', '            with store.tx() as db:\n                db.execute("update charge set state=\'declined\', ask_at=null where no=?", (no,))\n            return answer(200, {"no": no, "state": "gave-up"})')),
    Fault("wait-stops-asking", "monitor*", "after a wait nobody asks for the charge", (A, '            return answer(200, {"no": no, "state": "gave-up"})', '            with store.tx() as db:\n                db.execute("update charge set ask_at=null where no=?", (no,))\n            return answer(200, {"no": no, "state": "gave-up"})')),
    Fault("wait-too-short", "monitor*", "a wait lasts as many seconds as were asked for, less ten", (A, "now() >= start + most", "now() >= start + most - 10_000")),
    Fault("wait-outage-is-failure", "monitor*", "a wait in an outage is a 500", (W, '        self._take([row], {row["md5"]: self.bakong.ask(row["md5"])}, now)', '        got = self.bakong.ask(row["md5"])\n        if got.verdict == "down":\n            raise RuntimeError\n        self._take([row], {row["md5"]: got}, now)')),
    Fault("paid-at-noticed", "paid*", "the moment of payment is when it was noticed", (L, "if isinstance(moment, int) and moment", "if False and moment")),
]  # fmt: skip
