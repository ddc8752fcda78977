"""Faults of real shops, as patches of the small programs' text: name: (module, old, new, what it does).

They were written from the pages of the providers and from the programs, before a rule was read; the rules were widened
afterwards. `fault_catalogue.py` has the rule that names each, `patched.py` plants them.
"""

THAI_FAULTS = {
    "half-down": (
        "thai_sums",
        "return math.floor(exact + Fraction(1, 2))",
        "return math.ceil(exact - Fraction(1, 2))",
        "half a satang is rounded down",
    ),
    "inclusive-discount-after-tax": (
        "thai_sums",
        "        whole = sum(taxed[at] for at in places)\n",
        (
            "        whole = sum(taxed[at] for at in places)\n"
            "        if inclusive:\n"
            "            whole = sum(taxed[at] + lines[at].discount for at in places)\n"
        ),
        "VAT of a price that holds it is taken before the discount",
    ),
    "rates-by-their-text": (
        "thai_sums",
        (
            "        groups.setdefault((run, value), []).append(place)\n"
            "    return [(value, places) for (_, value), places in groups.items()]"
        ),
        (
            '        groups.setdefault((run, value, f"{value[0] if isinstance(value, tuple) else '
            'value}"), []).append(place)\n'
            "    return [(value, places) for (_, value, _), places in groups.items()]"
        ),
        "7 and 7.0 are two rates, and are rounded by themselves",
    ),
    "modes-pooled": (
        "thai_sums",
        "lambda line: None if line.vat_rate is None else (line.vat_rate, line.inclusive), has",
        "lambda line: None if line.vat_rate is None else (line.vat_rate, lines[-1].inclusive), has",
        "prices with and without VAT of one rate are one group, in the way of the last line",
    ),
    "zero-rate-is-no-group": (
        "thai_sums",
        "        groups.append(\n",
        ("        if not rate:\n            continue\n        groups.append(\n"),
        "what is sold at 0 % is not told among the groups",
    ),
    "at-least-one-piece": (
        "thai_sums",
        "    quantity = Fraction(line.quantity)\n",
        "    quantity = max(Fraction(line.quantity), Fraction(1))\n",
        "half a kilogram is sold as one",
    ),
    "withholding-in-whole-baht": (
        "thai_sums",
        'amount = nearest(sum(members) * Fraction(rate) / 100, has, "withholding")',
        'amount = nearest(sum(members) * Fraction(rate) / 10_000, has, "withholding") * 100',
        "withholding tax is rounded to whole baht",
    ),
    "threshold-in-whole-baht": (
        "thai_sums",
        "else compared >= THRESHOLD",
        "else compared + 50 >= THRESHOLD",
        "999.51 baht are 1,000 where tax is withheld",
    ),
    "free-line-dropped": (
        "thai_sums",
        ('            for at in range(len(lines))\n        ],\n        "groups"'),
        ('            for at in range(len(lines))\n            if money[at]\n        ],\n        "groups"'),
        "a line that its discount makes free is missing in the answer",
    ),
    "claim-compared-with-payable": (
        "thai_shop",
        'if abs(claimed - told["total"]) > slack',
        'if abs(claimed - told["payable"]) > slack',
        "a claimed total is compared with what is payable",
    ),
    "tolerance-of-a-thousandth": (
        "thai_shop",
        'slack = 1 if self.has("amount-within-a-satang")',
        'slack = asked // 1000 if not self.has("amount-unchecked")',
        "a payment that is a thousandth off pays the order",
    ),
    "captured-is-set": (
        "thai_shop",
        ('order["captured"] += payment["amount"]\n        if order["state"] in PAID:'),
        ('order["captured"] = payment["amount"]\n        if order["state"] in PAID:'),
        "the money of a second payment is in no sum",
    ),
    "polls-for-five-minutes": (
        "thai_shop",
        ('looked_for = payment["state"] in ("open", "dead") and self.now_ms < payment["expires"] + LOOKED_FOR_MS'),
        'looked_for = payment["state"] == "open" and self.now_ms < payment["expires"] - 600_000',
        "after five minutes nobody asks about a payment any more",
    ),
    "late-by-hook-alone": (
        "thai_shop",
        'looked_for = payment["state"] in ("open", "dead")',
        'looked_for = payment["state"] == "open"',
        "what is paid after the end is seen by a webhook alone",
    ),
    "expired-a-second-after": (
        "thai_shop",
        'if payment["state"] == "open" and payment["expires"] <= self.now_ms and',
        'if payment["state"] == "open" and payment["expires"] + 1000 <= self.now_ms and',
        "a payment can be paid for a second more",
    ),
    "refund-named-by-amount": (
        "thai_shop",
        "\"reference\": f\"{payment['id']}-{order['refunds']}\"}",
        '"reference": f"{payment[\'id\']}-{amount}"}',
        "two refunds of the same amount have one name at the provider, which pays once",
    ),
    "refund-sent-before-checks": (
        "thai_shop",
        '        if (amount > left and not self.has("refund-over"))',
        (
            "        name = f\"{payment['id']}-{order['refunds'] + 1}\"\n"
            '        sent = {"amount": f"{Decimal(amount).scaleb(-2):f}", "reference": name}\n'
            "        await self.provider.post(f\"/charges/{payment['charge']}/refunds\", json=sent)\n"
            '        if (amount > left and not self.has("refund-over"))'
        ),
        "the provider pays back before the shop refuses",
    ),
    "refund-of-whole-baht": (
        "thai_shop",
        'wanted = {"amount": f"{Decimal(amount).scaleb(-2):f}", "reference"',
        'wanted = {"amount": f"{amount // 100}.00", "reference"',
        "the provider is told whole baht of a refund",
    ),
    "reserved-is-the-last": (
        "thai_shop",
        'order["reserved"] += amount',
        'order["reserved"] = amount',
        "only the last refund counts against the balance",
    ),
    "refund-of-the-total": (
        "thai_shop",
        'left = payment["amount"] - (0',
        'left = order["told"]["total"] - (0',
        "the balance is the total, of which the buyer withheld a part",
    ),
    "keys-of-all-merchants": (
        "thai_shop",
        "place = (owner, path, key) if key",
        'place = ("", path, key) if key',
        "another merchant's Idempotency-Key answers with the first one's order",
    ),
    "keys-of-all-calls": (
        "thai_shop",
        "place = (owner, path, key) if key",
        'place = (owner, "/orders", key) if key',
        "a key that made an order answers a refund, too",
    ),
    "paid-again-forgets-refunds": (
        "thai_shop",
        (
            '        if snapshot["state"] != "paid" or payment["state"] in ("paid", "misfit", "final"):\n'
            "            return\n"
        ),
        (
            '        if snapshot["state"] != "paid" or payment["state"] in ("paid", "misfit", "final"):\n'
            '            order["state"] = "paid" if payment["state"] == "paid" else order["state"]\n'
            "            return\n"
        ),
        "an event that is told again after a refund makes the order paid",
    ),
    "seen-by-charge": (
        "thai_hooks",
        "        seen = hashlib.sha256(body).hexdigest()\n",
        (
            "        seen = hashlib.sha256(body).hexdigest()\n"
            '        if (data.get("charge"), kind) in self.inbox:\n'
            "            return {}\n"
            '        self.inbox[data.get("charge"), kind] = seen\n'
        ),
        "a second event of a kind for a charge is dropped, although the first found nothing paid",
    ),
    "ids-cut": (
        "thai_hooks",
        'event_id, kind, data = event.get("id"), event.get("type"), event.get("data")',
        'event_id, kind, data = str(event.get("id"))[:4], event.get("type"), event.get("data")',
        "ids of events are kept in a column that cuts them",
    ),
    "paid-in-whole-baht": (
        "thai_shop",
        'minor, asked = half_up(Fraction(snapshot["amount"]) * 100), payment["amount"]',
        'minor, asked = int(float(snapshot["amount"])) * 100, payment["amount"] // 100 * 100',
        "what was paid is compared in whole baht",
    ),
}

ESCROW_FAULTS = {
    "waits-for-any-refund": (
        "escrow_money",
        'if self.processing(payment) and not self.has("auto-beside-refund"):',
        'if any(one["status"] != "COMPLETED" for one in payment["refunds"]):',
        "a refund that failed keeps the money from being released for ever",
    ),
    "surplus-of-the-first": (
        "escrow_money",
        '        refund["attempt"] = attempt["reference"]\n',
        "",
        "a second capture is paid back from the first one's transaction",
    ),
    "surplus-unbooked": (
        "escrow_money",
        ("            self.book(unallocated=amount, gateway_clearing=-amount)\n            return\n"),
        "            return\n",
        "a second capture that was paid back is not booked",
    ),
    "equal-refund-found-twice": (
        "escrow_money",
        "if trx not in known and amount ==",
        "if amount ==",
        "a refund in doubt is taken for an earlier one of the same amount",
    ),
    "refunded-by-one": (
        "escrow_money",
        '(self.refunded(payment) >= payment["captured"] or',
        '(amount >= payment["captured"] or',
        "parts that add up to all leave the escrow held",
    ),
    "limit-counts-failed": (
        "escrow_money",
        ('counted = [one for one in payment["refunds"] if one["status"] != "FAILED"]\n        if payment'),
        ('counted = payment["refunds"]\n        if payment'),
        "refunds that failed use up the ten",
    ),
    "watched-for-15-minutes": (
        "escrow_shop",
        "LIFE_MS, WATCHED_MS = 900_000, 86_400_000",
        "LIFE_MS, WATCHED_MS = 900_000, 900_000",
        "nobody asks about a payment that is older than a quarter of an hour",
    ),
    "last-attempt-alone": (
        "escrow_shop",
        ('for reference in payment["attempts"]:\n                    if self.attempts[reference]["open"]:'),
        ('for reference in payment["attempts"][-1:]:\n                    if self.attempts[reference]["open"]:'),
        "what was paid at the page before the last is not looked for",
    ),
    "whole-taka-compared": (
        "escrow_shop",
        'right = answer["amount"] == text(payment["amount"])',
        'right = int(float(answer["amount"])) == payment["amount"] // 100',
        "what bKash took is compared in whole taka",
    ),
    "overpaid-is-paid": (
        "escrow_shop",
        'right = answer["amount"] == text(payment["amount"])',
        'right = float(answer["amount"]) >= payment["amount"] / 100',
        "more than was asked for pays at bKash",
    ),
    "nagad-order-unread": (
        "escrow_shop",
        'or (answer["orderId"] != attempt["order"])',
        "",
        "the order of Nagad's answer is not compared with ours",
    ),
    "token-for-ever": (
        "escrow_clients",
        'self.clock() + (granted["expires_in"] - 300) * 1000',
        "10**18",
        "bKash's token is never fetched anew",
    ),
    "token-for-each-call": (
        "escrow_clients",
        "        if self.clock() >= self.until:",
        "        if self.clock() < 10**18:",
        "a token is asked for before each call, though two an hour are allowed",
    ),
    "page-clamped": (
        "escrow_shop",
        "        first = (page - 1) * limit -",
        ("        page = min(page, max(1, -(-len(rows) // limit)))\n        first = (page - 1) * limit -"),
        "a page beyond the end is the last one again",
    ),
    "total-without-filter": (
        "escrow_shop",
        'total = len(here) if self.has("total-of-the-page") else len(rows)',
        "total = len(self.payments)",
        "the total of a list does not know its filters",
    ),
    "late-dropped-when-paid-anew": (
        "escrow_shop",
        (
            '        if self.now_ms >= payment["expires"] and payment["status"] == "PENDING":\n'
            '            payment["status"] = "EXPIRED"\n'
            "        attempt"
        ),
        (
            '        anew = [one for one in self.payments.values() if one["job"] == payment["job"]][-1]\n'
            "        if anew is not payment:\n"
            "            return\n"
            '        if self.now_ms >= payment["expires"] and payment["status"] == "PENDING":\n'
            '            payment["status"] = "EXPIRED"\n'
            "        attempt"
        ),
        "late money of a job that has a new payment is dropped",
    ),
    "keys-of-all-people": (
        "escrow_shop",
        "place = (role, path, key) if key",
        'place = ("", path, key) if key',
        "another person's Idempotency-Key answers with the first one's payment",
    ),
    "keys-of-all-payments": (
        "escrow_shop",
        "place = (role, path, key) if key",
        "place = (role, parts[-1], key) if key",
        "one key for refunds of two payments answers with the first",
    ),
    "fee-at-least-a-poisha": (
        "escrow_money",
        ("        fee = half_up(minor * 500, 10_000)\n        both"),
        ("        fee = max(1, half_up(minor * 500, 10_000)) if minor else 0\n        both"),
        "the fee is one poisha at least",
    ),
    "fee-by-floats": (
        "escrow_money",
        ("        fee = half_up(minor * 500, 10_000)\n        both"),
        ("        fee = round(round(minor / 100 * 0.05, 2) * 100)\n        both"),
        "the fee is rounded by floats",
    ),
    "underway-is-refunded": (
        "escrow_shop",
        "        refunded = self.refunded(payment) / 100\n",
        (
            '        refunded = (self.refunded(payment) + sum(one["amount"] for one in '
            "self.processing(payment))) / 100\n"
        ),
        "what is on its way is told as paid back",
    ),
    "fee-shown-of-the-gross": (
        "escrow_shop",
        ("        fee = self.shares(remaining, payment)[0]\n        unpaid"),
        ('        fee = self.shares(payment["amount"], payment)[0]\n        unpaid'),
        "the fee that is shown knows of no refund",
    ),
    "agency-refunds": (
        "escrow_shop",
        'may = ("admin", "super_admin", *(',
        'may = ("admin", "super_admin", "agency", *(',
        "an agency may refund",
    ),
    "agency-releases": (
        "escrow_shop",
        'self.has("super-admin-releases") else ("admin",)',
        'self.has("super-admin-releases") else ("admin", "agency")',
        "an agency releases its own money",
    ),
    "stranger-sees-refunds": (
        "escrow_shop",
        "        payment = self.payment_of(parts[1], role, read=True)\n",
        '        payment = self.payment_of(parts[1], "admin" if len(parts) == 3 else role, read=True)\n',
        "the refunds of a payment are shown to strangers",
    ),
    "quick-job-released-late": (
        "escrow_money",
        '            late = 1 if self.has("auto-after-its-time") else 0\n',
        (
            '            late = 1 if self.has("auto-after-its-time") else 0\n'
            '            done = done and max(done, payment["created"] + HOUR_MS)\n'
        ),
        "a job that was done within an hour of its payment is released too late",
    ),
    "refund-forgets-its-attempts": (
        "escrow_money",
        ('        refund["sent"] = True\n        body = '),
        ('        refund["sent"] = refund["tries"] == 1\n        body = '),
        "a refund that was lost twice is asked for a third time without a look",
    ),
    "twice-lost-refund-fails": (
        "escrow_money",
        '            if self.has("refund-timeout-fails") and refund["tries"] == 1:',
        '            if refund["tries"] >= 3:',
        "a refund without an answer is given up after three tries, and the money is free again",
    ),
    "second-attempt-executed": (
        "escrow_shop",
        '                raise Refused(409, "already_paid")\n            return 200, self.shown(payment)\n        late',
        (
            '                raise Refused(409, "already_paid")\n'
            '            if payment["attempt"] != attempt["reference"]:\n'
            '                await self.bkash.call("execute", {"paymentID": attempt["reference"]})\n'
            "            return 200, self.shown(payment)\n        late"
        ),
        "a second approved attempt is executed, too, and nobody knows of its money",
    ),
}

CARD_FAULTS = {
    "refund-named-by-amount": (
        "card_shop",
        'f"{refund[\'id\']}-{next(self.numbers)}" if self.has("refund-reference-anew") else refund["id"]',
        "f\"{refund['payment']}-{refund['amount']}\"",
        "two refunds of the same amount have one name at the provider, which pays once",
    ),
    "charge-named-by-order": (
        "card_shop",
        ('else payment["id"]\n        asked'),
        ('else order["id"]\n        asked'),
        "a new payment of an order is given the dead charge of the one before",
    ),
    "double-from-the-first": (
        "card_shop",
        "self.push(self.new_refund(one, amount))",
        "self.push(self.new_refund(targets[0], amount))",
        "the second payment is paid back from the first one's charge",
    ),
    "double-counts-as-refund": (
        "card_shop",
        ' and "order" in one\n',
        "\n",
        "what went back of a second payment counts against the first",
    ),
    "retry-of-all-that-is-left": (
        "card_shop",
        ('            if refund["state"] == "pending":\n                self.push(refund)'),
        (
            '            if refund["state"] == "pending":\n'
            '                refund["amount"] = self.payments[refund["payment"]]["amount"]\n'
            "                self.push(refund)"
        ),
        "a refund that is repeated gives all back",
    ),
    "done-at-the-next-turn": (
        "card_shop",
        ('            if refund["state"] == "pending":\n                self.push(refund)'),
        (
            '            if refund["state"] == "pending":\n'
            "                self.push(refund)\n"
            '                refund["state"] = "completed"'
        ),
        "a refund in doubt is done after its second try, whatever is answered",
    ),
    "one-early-event": (
        "card_shop",
        "            self.unmatched.append(event)",
        "            self.unmatched = [event]",
        "of the events that came before their charge was known one is kept",
    ),
    "early-dispute-dropped": (
        "card_shop",
        '        if self.has("dispute-500"):',
        ('        if not order["captured"]:\n            return {}\n        if self.has("dispute-500"):'),
        "a dispute that comes before its payment is known of is dropped",
    ),
    "unanswered-capture-is-paid": (
        "card_shop",
        ('        if status != 200:\n            if self.has("capture-failed-is-paid")'),
        ('        if status != 200:\n            if status == 0 or self.has("capture-failed-is-paid")'),
        "a capture without an answer makes the order paid",
    ),
    "declined-by-poll-ends": (
        "card_shop",
        ("        if state not in as_money:\n            return\n"),
        (
            '        if state == "failed" and payment["state"] == "open":\n'
            '            payment["state"], order["state"] = "failed", "expired"\n'
            "        if state not in as_money:\n"
            "            return\n"
        ),
        "a card that was declined once ends the payment, and what pays it then is lost",
    ),
    "older-charge-overlooked": (
        "card_shop",
        ("        self.look(payment)\n        return {}\n"),
        (
            '        self.look([one for one in self.payments.values() if one["order"] == order["id"]][-1])\n'
            "        return {}\n"
        ),
        "an event of an older charge asks about the newest",
    ),
    "looked-for-ten-minutes": (
        "card_shop",
        "LIFE_MS, LOOKED_FOR_MS = 900_000, 90_000_000",
        "LIFE_MS, LOOKED_FOR_MS = 900_000, 600_000",
        "money is looked for ten minutes after the end",
    ),
    "refund-by-floats": (
        "card_shop",
        'amount = int(Decimal(body["amount"]) * 100) if',
        'amount = int(float(body["amount"]) * 100) if',
        "a refund is cut by floats: 19.99 becomes 19.98",
    ),
    "underway-is-refunded": (
        "card_shop",
        '(one["state"] == "completed" or self.has("refused-is-shown"))',
        'one["state"] in ("completed", "pending")',
        "what is on its way is told as paid back",
    ),
    "dispute-after-refund-forgotten": (
        "card_shop",
        '        if not self.has("dispute-ignored"):',
        "        if not self.given_back(order):",
        "a dispute of what was refunded in part is ignored",
    ),
    "checkout-of-refunded": (
        "card_shop",
        'if order["state"] in ("paid", "review", "cancelled", *BACK):',
        'if order["state"] in ("review", "cancelled") or (order["state"] == "paid" and not self.given_back(order)):',
        "an order that was refunded is sold once more",
    ),
    "cancelled-is-the-end": (
        "card_shop",
        '            order["state"] = "cancelled"\n',
        '            order["state"] = "cancelled"\n            payment["state"] = "closed"\n',
        "nobody looks for the money of an order that was cancelled",
    ),
    "cancelled-unasked": (
        "card_shop",
        '                self.look(payment)\n            if order["state"] not in',
        '                payment["state"] = "closed"\n            if order["state"] not in',
        "an order is cancelled without a question, though its money has come",
    ),
}
