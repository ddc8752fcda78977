"""The bugs that were made without a look at the rules, with the rule that names each now, and what it does."""

_SAME_NAME = {
    "zero-width": "but for a letter that is not seen",
    "nfkc": "but for the width of its letters",
    "plus-cut": "before a plus",
    "without-dots": "but for dots",
    "without-zeros": "but for zeros before it",
    "words": "but for its spaces",
    "hash-cut": "before a hash",
    "decoded-twice": "when it is decoded once more",
    "bytes-64": "in its first 64 bytes",
}

MONEY = {
    "priced-from-midnight": ("service.upgrade.price", "an upgrade is priced from the last midnight"),
    "priced-from-last-payment": ("service.upgrade.price", "an upgrade is priced from the day of the last payment"),
    "riel-hundredth-pays": ("service.mismatch.near", "a hundredth of a price in riel pays it"),
    "account-digits-ignored": ("service.mismatch.account", "digits of the receiver's name do not count"),
    "bill-riel-old-price": ("service.renew.after-change", "after an upgrade a bill in riel is the old price"),
    "granted-from-creation": ("service.granted.period", "a cycle begins with the order"),
}
SILENCE = {
    "third-silence-expires": (
        "service.outage.end.connection",
        "the third question without an answer expires a payment",
    ),
    "silence-of-an-hour-lost": (
        "service.outage.long",
        "an hour past its end a payment that was not heard of is dropped",
    ),
    "ended-when-it-answers": ("service.outage.end.refusals", "when Bakong is back all that waited is expired"),
    "empty-data-is-paid": ("service.garbage", "success with an empty object is a payment"),
    "null-data-is-paid": ("service.garbage", "success without data is a payment"),
    "outage-history-hides": ("service.outage.lists", "in an outage a history leaves a payment past its end out"),
    "outage-bulk-expired": ("service.outage.lists", "in an outage a bulk check calls a payment past its end expired"),
    "outage-bulk-unknown": ("service.outage.lists", "in an outage a bulk check does not know open payments"),
    "monitor-outage-failed": ("service.monitor.outage", "in an outage a wait says failed"),
    "found-after-outage-ungranted": ("service.outage.long", "a payment that is found after an outage grants nothing"),
}
NAMES = {
    f"reading-{style}": ("service.users.read", f"a plan is told of a name that is the same {text}")
    for style, text in _SAME_NAME.items()
} | {
    "create-casefold": ("service.users.order", "an order is for who has the name in another case"),
    "create-nfkc": ("service.users.order", "an order is for who has the name in plain letters"),
    "create-plus-cut": ("service.users.order", "an order is for the name before a plus"),
    "cancel-nfkc": ("service.users.change", "a cancellation is made for the name in plain letters"),
    "cancel-zero-width": (
        "service.users.change",
        "a cancellation is made for the name without a letter that is not seen",
    ),
    "upgrade-plus-cut": ("service.users.change", "an upgrade is made for the name before a plus"),
    "upgrade-casefold": ("service.users.change", "an upgrade is made for the name in another case"),
    "id-hex-only": ("service.status.ids", "letters that no id has do not count"),
}
KEYS = {
    "key-forgets-paid": ("service.idempotency.same-answer", "a paid order's key makes another one"),
    "key-renewed-by-use": ("service.idempotency.ends", "each use of a key lengthens its life"),
    "key-without-dashes": ("service.idempotency.whole", "dashes in a key do not count"),
    "key-as-number": ("service.idempotency.whole", "a key of digits is a number"),
    "key-of-the-day": ("service.idempotency.day", "keys are forgotten with the day of UTC"),
    "key-first-word": ("service.idempotency.whole", "only the first word of a key counts"),
    "key-cache-of-three": ("service.idempotency.whole", "the last three keys are remembered"),
    "key-dies-with-code": ("service.idempotency.same-answer", "a key is forgotten when the code has died"),
}
LIMIT = {
    "limit-by-key-prefix": ("service.limit.each-key", "keys that begin alike share a limit"),
    "limit-each-accept": ("service.limit.counts", "each Accept has a limit of its own"),
    "limit-offset-window": ("service.limit.families", "windows of a minute begin at second 43"),
    "limit-more-after-idle": ("service.limit.families", "after 20 seconds of rest there is one call more"),
    "limit-lets-repeats": ("service.limit.burst", "what was asked last can be asked on"),
    "retry-after-one-more": ("service.limit.wait-true", "Retry-After is a second too long"),
    "retry-after-at-least-five": ("service.limit.wait-true", "Retry-After is never below five"),
    "retry-after-text": ("service.limit.wait-true", "Retry-After has a unit"),
    "retry-after-decimal": ("service.limit.wait-true", "Retry-After has a decimal"),
    "retry-after-grows": ("service.limit.wait-true", "Retry-After grows with each refusal"),
    "remaining-counts-down-twice": ("service.limit.fields", "from fifty on two calls are counted for one"),
    "reset-only-at-start": (
        "service.limit.fields",
        "the reset is the rest of the clock's minute but at the first call",
    ),
    "refused-limit-is-503": ("service.limit.burst", "who is over the limit gets a 503"),
}
WEBHOOKS = {
    "webhook-id-of-instant-and-type": ("service.webhook.ids-apart", "a webhook's id is made of instant and type"),
    "webhook-id-of-the-day": ("service.webhook.ids-apart", "seven webhooks in turn share an id"),
    "webhook-id-changes-late": ("service.webhook.retried", "the third try has another id"),
    "payload-token-base64": ("service.webhook.discreet", "a webhook holds the Bakong token in Base64"),
    "payload-key-halves": ("service.webhook.discreet", "a webhook holds the API key but for four letters"),
    "payload-secret-in-url": ("service.webhook.discreet", "a webhook holds a link with its secret"),
    "payload-count-of-others": ("service.webhook.discreet", "a webhook holds the newest payment"),
    "renewed-without-paid": ("service.webhook.purchases", "that a bill is paid is not told"),
    "type-in-capitals-on-retry": ("service.webhook.retried", "the second try tells another type"),
    "last-try-unsigned": ("service.webhook.every-try-signed", "the last try has no signature"),
    "stamp-of-event": ("service.webhook.retried", "from the third try on the stamp is that of the event"),
    "retry-late-by-its-number": ("service.webhook.schedule", "each try is some minutes late"),
    "retry-rounded-to-minutes": ("service.webhook.schedule", "tries come at whole minutes"),
    "past-due-each-day": ("service.due.told", "that a plan is past due is told each day"),
}
EDGES = {
    "active-till-midnight": ("service.due.exact", "a plan is active to the midnight after its end"),
    "grace-till-midnight": ("service.grace.exact", "the grace lasts to the midnight after its end"),
    "cancelled-has-grace": ("service.cancel.exact", "a cancelled plan has a grace"),
    "downgrade-at-next-midnight": ("service.downgrade.exact", "a downgrade waits for midnight"),
    "downgrade-hour-early": ("service.downgrade.exact", "a downgrade comes an hour early"),
    "last-hour-of-grace-anew": ("service.grace.renewed", "a bill in the last hour of the grace begins a new cycle"),
    "cycle-ends-at-midnight": ("service.granted.period", "a cycle ends at the midnight before its end"),
    "renewed-early-loses-a-day": ("service.renew.extends", "a bill that is paid early buys a day less"),
    "quote-till-midnight": ("service.quote.stands", "a quote ends with the day of UTC"),
    "quota-singapore": ("service.quota.day", "the quota's day ends at midnight in Singapore"),
    "quota-noon": ("service.quota.day", "Bakong is left alone to noon of the new day"),
    "quota-two-days": ("service.quota.day", "Bakong is left alone for a day more"),
}
RESTARTS = {
    "restart-drops-retrying": ("service.restart.outbox", "a restart drops webhooks that were refused"),
    "restart-tells-again": ("service.restart.told", "a restart tells again what became of plans"),
    "restart-forgets-ended": ("service.restart.payments", "after a restart late money is not looked for"),
    "restart-forgets-bills": ("service.restart.plans", "a restart forgets open bills"),
    "restart-forgets-bill-keys": ("service.restart.keys", "a restart forgets the keys of bills"),
    "restart-prices-anew": ("service.restart.plans", "after a restart a quote expects another amount"),
    "restart-renews-codes": ("service.restart.payments", "a restart gives open payments a new life"),
    "restart-halves-limit": ("service.restart.limit", "a restart forgets half of a minute's calls"),
}

BLIND = MONEY | SILENCE | NAMES | KEYS | LIMIT | WEBHOOKS | EDGES | RESTARTS
