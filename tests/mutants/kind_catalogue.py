"""The bugs of `kinds`, with the rule that names each, and what it does in plain words."""

_WRONGLY = {
    "amount-unchecked": "any amount pays",
    "amount-at-least": "more than its amount pays",
    "amount-near": "a cent too much or too little pays",
    "amount-of-any-plan": "the price of any plan pays",
    "currency-unchecked": "the number in another currency pays",
    "account-unchecked": "money to anybody pays",
    "account-by-bank": "money to any account of the bank pays",
}
_BOUGHT = {
    "upgrade": ("service.upgrade.mismatch", "an upgrade"),
    "bill": ("service.renew.mismatch", "a bill"),
    "full": ("service.mismatch.everywhere", "the better plan"),
    "riel": ("service.mismatch.everywhere", "an order in riel"),
    "late": ("service.late.mismatch", "a dead code"),
}

PURCHASES = (
    {
        f"{kind}-{wrongly}": (rule, f"{words} pays {what}")
        for kind, (rule, what) in _BOUGHT.items()
        for wrongly, text in _WRONGLY.items()
        for words in (text.removesuffix(" pays"),)
    }
    | {
        f"unsaid-{name}-fits": ("service.mismatch.unsaid", f"a payment that names no {what} is taken for the right one")
        for name, what in (("amount", "amount"), ("currency", "currency"), ("toAccountId", "receiver"))
    }
    | {
        "bill-grants-full": ("service.renew.grants", "a bill of the basic plan grants the better one"),
        "upgrade-pays-a-cycle": ("service.upgrade.applies", "a paid upgrade adds a cycle"),
        "bill-withdraws-downgrade": ("service.downgrade.takes-effect", "a paid bill forgets the downgrade"),
        "quote-retold": ("service.quote.told-again", "a quote that stands is told at the price of now"),
        "quote-told-as-difference": ("service.quote.told-again", "a quote tells the difference of the prices"),
        "bill-retold": ("service.renew.told", "a bill that is asked for again is told as twice its amount"),
        "bill-told-as-full": ("service.renew.told", "a bill of the basic plan is told at the better one's price"),
        "late-granted-twice": ("service.granted.late-once", "a late payment grants two cycles"),
        "bills-many": ("service.renew.stands", "every request opens a bill"),
        "bill-10-minutes": ("service.renew.stands", "after ten minutes a second bill is opened beside the first"),
        "bill-dead-stands": ("service.renew.dead", "a bill whose code has died is the answer"),
        "bill-racy": ("service.renew.one", "bills that race are all opened"),
        "bill-outlives-upgrade": (
            "service.renew.after-change",
            "a bill that was open before an upgrade is offered after it",
        ),
        "bill-outlives-downgrade": (
            "service.renew.after-change",
            "a bill that was open before a downgrade is offered after it",
        ),
    }
)

_KINDS = {
    "connection": ("connection", "a connection that breaks"),
    "403": ("statuses", "a 403"),
    "401": ("statuses", "a 401"),
    "503": ("statuses", "a 503"),
    "404": ("statuses", "a 404 of the gateway's"),
    "html": ("bodies", "HTML"),
    "empty": ("bodies", "an empty body"),
    "cut": ("bodies", "a body that is cut"),
    "list": ("bodies", "a list"),
    "no-data": ("bodies", "success without data"),
}

OUTAGES = (
    {
        f"{kind}-expires": (f"service.outage.end.{rule}", f"{text} at the end expires a payment")
        for kind, (rule, text) in _KINDS.items()
    }
    | {
        f"{kind}-fails": (f"service.outage.end.{rule}", f"{text} fails a payment")
        for kind, (rule, text) in _KINDS.items()
        if kind in ("connection", "403", "html", "list")
    }
    | {
        f"{kind}-is-500": (f"service.outage.end.{rule}", f"{text} makes status a 500")
        for kind, (rule, text) in _KINDS.items()
        if kind in ("connection", "empty", "list", "401", "no-data")
    }
    | {
        f"worker-dies-of-{kind}": ("service.outage.worker", f"{text} ends the worker")
        for kind, (_, text) in _KINDS.items()
        if kind in ("connection", "html", "empty", "list", "cut", "403")
    }
    | {
        "nonsense-of-one-expires": (
            "service.outage.end.alone",
            "nonsense at the end expires the only payment that waits; where several wait it does not",
        ),
        "refusal-expires": ("service.outage.end.refusals", "a refused question at the end expires a payment"),
        "outage-told-expired": ("service.outage.told", "an end is announced while Bakong is silent"),
        "outage-told-failed": ("service.outage.told", "a failure is announced while Bakong is silent"),
        "outage-shown-expired": ("service.outage.end.connection", "an end is shown while Bakong is silent"),
        "outage-shown-failed": ("service.outage.end.connection", "a failure is shown while Bakong is silent"),
        "outage-is-404": ("service.outage.end.connection", "past its end a payment is gone while Bakong is silent"),
        "storm-of-retries": ("service.outage.storm", "a question without an answer is asked thirty times more"),
        "storm-of-eight": ("service.outage.storm", "a question without an answer is asked eight times more"),
        "slow-down-hammered": ("service.outage.storm", "a 429 is asked again at once, eight times"),
        "storm-of-all": ("service.outage.storm", "each failure asks of all payments"),
        "breaker-for-ever": ("service.outage.worker", "after five failures Bakong is never asked again"),
        "late-unwatched": ("service.watched.late", "after a code's end nobody looks for its money unless asked"),
        "round-ends-at-nonsense": (
            "service.watched.beside",
            "the worker's round ends at the first payment whose answer it cannot read",
        ),
        "refused-forgotten-beside": (
            "service.webhook.independent",
            "a webhook that is refused is not tried again where another one of its turn arrives",
        ),
        "turn-ends-at-a-refusal": ("service.webhook.independent", "those told after a refused webhook wait with it"),
        "polled-no-more": ("service.outage.worker", "a payment whose poll failed is never polled again"),
        "end-forgotten": (
            "service.outage.end.connection",
            "what could not be asked at its end is not watched any more",
        ),
    }
)

FAMILIES = {
    "limit-from-first": ("service.limit.families", "the window begins with the first call"),
    "limit-from-last": ("service.limit.families", "the window begins with the last call that was admitted"),
    "limit-from-last-try": ("service.limit.families", "the window begins with the last call, refused or not"),
    "limit-tens": ("service.limit.families", "calls are counted in buckets of ten seconds"),
    "limit-thirds": ("service.limit.families", "calls are counted in buckets of twenty seconds"),
    "limit-seconds": ("service.limit.families", "calls are counted in buckets of a second"),
    "limit-halves": ("service.limit.families", "fifty calls in each half of a minute"),
    "limit-five-minutes": ("service.limit.burst", "five hundred calls in five minutes"),
    "limit-gcra": ("service.limit.families", "GCRA with a burst of a hundred"),
    "limit-leaky": ("service.limit.families", "a bucket that leaks"),
    "limit-refused-resets": ("service.limit.refused-free", "a refused call begins a new window"),
    "limit-each-method": ("service.limit.counts", "reads and orders have a limit each"),
    "limit-each-id": ("service.limit.counts", "each payment has a limit of its own"),
    "limit-each-agent": ("service.limit.counts", "each User-Agent has a limit of its own"),
    "limit-errors-free": ("service.limit.counts", "what is not found does not count"),
    "retry-after-1": ("service.limit.wait-true", "Retry-After is always 1"),
    "retry-after-rounded": ("service.limit.wait-true", "Retry-After is rounded to the nearest second"),
    "retry-after-from-last": ("service.limit.wait-true", "Retry-After counts from the last call"),
    "retry-after-clock-minute": ("service.limit.wait-true", "Retry-After is the rest of the clock's minute"),
    "retry-after-plus-one": ("service.limit.wait-true", "Retry-After is a second too long at whole seconds"),
    "retry-after-remembered": ("service.limit.wait-true", "Retry-After is that of the first refusal"),
    "retry-after-zero": ("service.limit.wait-true", "Retry-After is 0 in the last second"),
    "retry-after-negative": ("service.limit.wait-true", "Retry-After is negative"),
    "retry-after-half": ("service.limit.wait-true", "Retry-After is half of what it should be"),
    "remaining-one-more": ("service.limit.fields", "after the first call one too many is said to be left"),
    "remaining-by-tens": ("service.limit.fields", "what is left is told in tens"),
    "remaining-never-back": ("service.limit.fields", "what is left never grows again"),
    "reset-is-60": ("service.limit.fields", "the reset is always 60"),
    "reset-in-ms": ("service.limit.fields", "the reset is in milliseconds"),
    "reset-is-an-instant": ("service.limit.fields", "the reset is an instant of the epoch"),
    "policy-says-60": ("service.limit.fields", "the policy says 60 calls"),
    "policy-says-an-hour": ("service.limit.fields", "the policy says an hour"),
}

MESSAGES = {
    "webhook-id-of-payment": ("service.webhook.ids-apart", "a webhook's id is the payment's"),
    "webhook-id-of-user": ("service.webhook.ids-apart", "a webhook's id is the user's"),
    "webhook-id-of-type": ("service.webhook.ids-apart", "a webhook's id is its type"),
    "webhook-id-of-second": ("service.webhook.ids-apart", "a webhook's id is the second"),
    "webhook-id-of-user-and-type": ("service.webhook.ids-apart", "a webhook's id is made of user and type"),
    "webhook-id-short": ("service.webhook.ids-apart", "webhooks have two ids in turn"),
    "paid-told-as-two": ("service.webhook.once", "a payment is told by two events"),
    "retry-always-5": ("service.webhook.schedule", "every try comes after five seconds"),
    "retry-half": ("service.webhook.schedule", "every try comes after half its time"),
    "retry-double": ("service.webhook.schedule", "every try comes after twice its time"),
    "retry-for-ever": ("service.webhook.schedule", "tries never end"),
    "retry-once-more": ("service.webhook.schedule", "there is a try more than the schedule has"),
    "retry-backwards": ("service.webhook.schedule", "the longest wait comes first"),
    "retry-in-minutes": ("service.webhook.schedule", "the waits are taken for minutes"),
    "retry-unsigned": ("service.webhook.every-try-signed", "the second try has no signature"),
    "only-paid-signed": ("service.webhook.every-try-signed", "only the event for paid is signed"),
    "plans-unsigned": ("service.webhook.every-try-signed", "events of plans have an empty signature"),
    "retry-changes-body": ("service.webhook.retried", "each try has another body"),
    "payload-api-key": ("service.webhook.discreet", "a webhook holds the API key"),
    "payload-token": ("service.webhook.discreet", "a webhook holds the Bakong token"),
    "payload-secret": ("service.webhook.discreet", "a webhook holds the secret that it is signed with"),
    "payload-secret-bytes": ("service.webhook.discreet", "a webhook holds the bytes of its secret"),
    "payload-other-users": ("service.webhook.discreet", "a webhook holds all users"),
    "payload-other-payments": ("service.webhook.discreet", "a webhook holds all payments"),
    "answer-token": ("service.answers.discreet", "a payment's answer holds the Bakong token"),
    "answer-secret-of-unknown": ("service.answers.discreet", "an error tells the secret of the webhooks"),
    "header-api-key": ("service.webhook.discreet", "a webhook bears the API key in its head"),
    "header-token": ("service.webhook.discreet", "a webhook bears the Bakong token in its head"),
    "hang-blocks-all": ("service.webhook.hanging", "nothing is answered while a receiver hangs"),
    "hang-blocks-reads": ("service.webhook.hanging", "no state is told while a receiver hangs"),
    "hang-blocks-orders": ("service.webhook.hanging", "no order is taken while a receiver hangs"),
    "hang-is-503": ("service.webhook.hanging", "calls are refused while a receiver hangs"),
    "hang-holds-webhooks": ("service.webhook.hanging.others", "webhooks wait for a receiver that hangs at one of them"),
    "hang-ends-webhooks": ("service.webhook.hanging.others", "who hangs at one webhook gets none of those behind it"),
    "events-reversed": ("service.webhook.ordered", "events of one move are sent in reverse"),
}

_LOOKS = {
    "any-case": "in another case",
    "by-prefix": "of which it is the beginning",
    "longer": "with which it begins",
    "trimmed": "but for spaces",
    "wildcard": "by a pattern",
    "cut": "in its first 40 letters",
    "nfc": "in another unicode form",
    "ascii": "but for its accents",
    "unquoted": "but for quotes",
    "as-number": "as another spelling of one number",
}
_DONE = {
    "cancel": "a cancellation",
    "downgrade": "a downgrade",
    "upgrade": "an upgrade",
    "renew": "a bill",
}

NAMES = (
    {
        f"reading-{look}": ("service.users.read", f"a plan is told of a name that is alike {text}")
        for look, text in _LOOKS.items()
    }
    | {
        f"history-{look}": ("service.users.history", f"a history is that of a name that is alike {text}")
        for look, text in _LOOKS.items()
        if look in ("any-case", "by-prefix", "wildcard", "trimmed", "cut", "as-number")
    }
    | {
        f"{operation}-{look}": ("service.users.change", f"{what} is made for a name that is alike {_LOOKS[look]}")
        for operation, what in _DONE.items()
        for look in ("any-case", "by-prefix", "trimmed", "cut", "wildcard")
    }
    | {
        "quote-refuses-all": ("service.users.beside", "while one user's quote is open, nobody else is quoted"),
        "quote-refuses-prefix": ("service.users.beside", "a quote refuses those whose names its user's begins with"),
        "bill-of-any-case": ("service.users.beside", "a bill is that of a name in another case"),
    }
    | {
        "long-id-500": ("service.status.ids", "an id of 300 letters is a 500"),
        "large-id-500": ("service.status.ids", "a number of more than 64 bits as an id is a 500"),
        "id-longer": ("service.status.ids", "only the first 32 letters of an id count"),
        "id-trimmed": ("service.status.ids", "spaces around an id do not count"),
        "id-wildcard": ("service.status.ids", "an id is taken as a pattern"),
        "bulk-by-prefix": ("service.status.ids", "a bulk check finds a payment by the beginning of its id"),
        "nan-500": ("service.errors.numbers", "NaN is a 500"),
        "infinity-500": ("service.errors.numbers", "1e999 is a 500"),
        "infinity-is-price": ("service.errors.numbers", "1e999 is taken for the price"),
        "nan-is-price": ("service.errors.numbers", "a text NaN is taken for the price"),
        "digits-500": ("service.errors.numbers", "a number of 5,000 digits is a 500"),
        "amount-by-absolute": ("service.errors.numbers", "minus the price is taken for the price"),
        "bool-is-price": ("service.errors.numbers", "true is taken for the price"),
        "code-text-cut": ("service.texts.whole", "a text in the code is cut inside a character"),
        "code-text-ascii": ("service.texts.whole", "a text in the code loses its letters"),
        "answer-text-cut": ("service.texts.whole", "a name in an answer is cut inside a character"),
        "answer-text-latin": ("service.texts.whole", "a name in an answer is read as Latin-1"),
        "answer-text-nfkd": ("service.texts.whole", "a name in an answer is decomposed"),
        "webhook-text-cut": ("service.texts.whole", "a name in a webhook is cut"),
        "webhook-text-ascii": ("service.texts.whole", "a name in a webhook loses its letters"),
    }
)

REPEATS = {
    "key-on-any-path": ("service.idempotency.each-call", "a bill under an order's key is answered with the order"),
    "key-any-case": ("service.idempotency.whole", "the case of an idempotency key does not count"),
    "key-first-8": ("service.idempotency.whole", "8 letters of an idempotency key count"),
    "key-first-16": ("service.idempotency.whole", "16 letters of an idempotency key count"),
    "key-first-32": ("service.idempotency.whole", "32 letters of an idempotency key count"),
    "key-first-64": ("service.idempotency.whole", "64 letters of an idempotency key count"),
    "key-last-8": ("service.idempotency.whole", "the last 8 letters of an idempotency key count"),
    "key-trimmed-of-digits": ("service.idempotency.whole", "digits at the end of an idempotency key do not count"),
    "key-words-alone": ("service.idempotency.whole", "signs in an idempotency key do not count"),
    "key-of-the-revoked": ("service.idempotency.revoked", "a new caller gets the keys of one that was revoked"),
    "key-long-500": ("service.idempotency.odd", "a long idempotency key is a 500"),
    "key-odd-500": ("service.idempotency.odd", "an idempotency key that is no ASCII is a 500"),
    "key-long-cut": ("service.idempotency.odd", "255 letters of an idempotency key count"),
    "key-for-ever": ("service.idempotency.ends", "an idempotency key is never forgotten"),
    "key-half-a-day": ("service.idempotency.day", "an idempotency key is forgotten after half a day"),
    "key-minute-short": ("service.idempotency.ends", "an idempotency key is forgotten half a minute early"),
    "key-until-midnight": ("service.idempotency.day", "idempotency keys are forgotten at midnight"),
    "replay-dead-409": ("service.idempotency.same-answer", "a repeated order is refused when its code has died"),
}

EDGES = {
    "due-second-late": ("service.due.exact", "the billing date passes a second late"),
    "due-second-early": ("service.due.exact", "the billing date passes a second early"),
    "due-ms-late": ("service.due.exact", "the billing date passes a millisecond late"),
    "grace-second-late": ("service.grace.exact", "the grace ends a second late"),
    "grace-second-early": ("service.grace.exact", "the grace ends a second early"),
    "grace-ms-late": ("service.grace.exact", "the grace ends a millisecond late"),
    "cancel-second-late": ("service.cancel.exact", "a cancelled plan ends a second late"),
    "cancel-second-early": ("service.cancel.exact", "a cancelled plan ends a second early"),
    "cancel-ms-late": ("service.cancel.exact", "a cancelled plan ends a millisecond late"),
    "downgrade-second-late": ("service.downgrade.exact", "a downgrade comes a second late"),
    "downgrade-second-early": ("service.downgrade.exact", "a downgrade comes a second early"),
    "downgrade-day-late": ("service.downgrade.exact", "a downgrade comes a day late"),
    "active-second-short": ("service.due.exact", "in the last second of a cycle the plan is not active"),
    "active-grace-short": ("service.grace.exact", "in the last second of the grace the plan is not active"),
    "state-grace-short": ("service.grace.exact", "in the last minute of the grace the state is expired"),
    "change-second-long": ("service.grace.exact", "a second after the grace a bill is made"),
    "upgrade-second-long": ("service.upgrade.exact", "seconds after its end a plan is upgraded"),
    "upgrade-second-short": ("service.upgrade.exact", "in its last second a plan is not upgraded"),
    "told-a-minute-late": ("service.due.told", "a billing date is announced a minute late"),
    "told-a-second-early": ("service.due.told", "a billing date is announced a second early"),
    "quote-ms-late": ("service.quote.stands", "a quote is offered at the end of its code"),
    "quote-second-early": ("service.quote.stands", "a second before its end a quote has another one beside it"),
    "bill-ms-late": ("service.renew.dead", "a bill is offered at the end of its code"),
    "bill-second-early": ("service.renew.dead", "a second before its end a bill has another one beside it"),
    "quota-minute-early": ("service.quota.day", "Bakong is asked a minute before the quota's day is over"),
    "quota-hour-late": ("service.quota.day", "Bakong is left alone for an hour of the new day"),
    "quota-24-hours": ("service.quota.day", "Bakong is left alone for 24 hours after the quota was spent"),
    "quota-an-hour": ("service.quota.day", "Bakong is asked an hour after the quota was spent"),
}

RESTARTS = {
    "restart-forgets-limit": ("service.restart.limit", "a restart begins the limit anew"),
    "restart-forgets-outbox": ("service.restart.outbox", "a restart loses webhooks that wait"),
    "restart-sends-again": ("service.restart.outbox", "a restart sends all webhooks again"),
    "restart-new-webhook-ids": ("service.restart.outbox", "a restart gives webhooks other ids"),
    "restart-forgets-tries": ("service.restart.tries", "a restart begins the tries of a webhook anew"),
    "restart-forgets-keys": ("service.restart.keys", "a restart forgets idempotency keys"),
    "restart-forgets-made-keys": ("service.restart.keys", "a restart forgets API keys that were made"),
    "restart-revives-keys": ("service.restart.keys", "a restart revives API keys that were revoked"),
    "restart-forgets-open": ("service.restart.payments", "a restart forgets payments that are open"),
    "restart-expires-open": ("service.restart.payments", "a restart ends payments that are open"),
    "restart-forgets-watching": ("service.restart.payments", "a restart stops watching payments"),
    "restart-forgets-plans": ("service.restart.plans", "a restart forgets plans"),
    "restart-forgets-quotes": ("service.restart.plans", "a restart forgets quotes"),
    "restart-forgets-downgrades": ("service.restart.plans", "a restart forgets downgrades"),
    "restart-forgets-cancellations": ("service.restart.plans", "a restart forgets cancellations"),
    "restart-forgets-blocks": ("service.restart.blocks", "a restart frees addresses that were shut out"),
    "restart-forgets-quota": ("service.restart.quota", "a restart asks on though the quota is spent"),
    "restart-counts-anew": ("service.restart.unique", "a restart begins its counter anew"),
}

KINDS = PURCHASES | OUTAGES | FAMILIES | MESSAGES | NAMES | REPEATS | EDGES | RESTARTS
