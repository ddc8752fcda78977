"""Faults in a program that was not written beside the rules: an edit of docs/examples/node/service.js each.

python -m tests.mutants.node_faults FOLDER [NAME...]: a run of the rule that names each, or of all for one that none does.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "node"
ASK_QUIET = "  if (now() < quietUntil) return null;\n"
PAID_CHECK = "  if (errorCode === null && data?.amount === Number(PRICES[payment.currency])\n      && data.currency === payment.currency && data.toAccountId === MERCHANT) {"
# What it does: the text and what stands there instead.
FAULTS = {
    "amount-as-whole-dollars": [("data?.amount === Number(PRICES", "Math.trunc(data?.amount) === Math.trunc(PRICES")],
    "riel-off-by-a-tenth": [(PAID_CHECK, PAID_CHECK.replace("data?.amount === Number(PRICES[payment.currency])", "Math.abs(data?.amount - PRICES[payment.currency]) < (payment.currency === 'KHR' ? 250 : 0.0001)"))],
    "account-by-its-bank": [("data.toAccountId === MERCHANT", 'data.toAccountId?.split("@")[1] === MERCHANT.split("@")[1]')],
    "account-without-case": [("data.toAccountId === MERCHANT", "data.toAccountId?.toLowerCase() === MERCHANT.toLowerCase()")],
    "currency-of-the-amount-alone": [("data.currency === payment.currency && ", "")],
    "an-hour-after-the-end-forgotten": [("now() < payment.ends + 86_400_000", "now() < payment.ends + 3_600_000")],
    "status-alone-finds-what-is-late": [('(payment.state === "open" || now() < payment.ends + 86_400_000)', '(payment.state === "open")')],
    "worker-dies-of-a-page": [("  } catch { return null; }", "  } catch (error) { if (error instanceof SyntaxError) dead = true; return null; }"), ("async function work() {\n", "let dead = false;\nasync function work() {\n  if (dead) return deliver();\n")],
    "asked-ten-times-in-an-outage": [("async function ask(md5) {\n", "async function ask(md5) {\n  for (let tries = 0; tries < 9; tries++) { const said = await once(md5); if (said !== null) return said; }\n  return once(md5);\n}\nasync function once(md5) {\n")],
    "a-200-without-data-is-paid": [("data?.amount === Number(PRICES[payment.currency])\n      && data.currency === payment.currency && data.toAccountId === MERCHANT", "(data == null || (data.amount === Number(PRICES[payment.currency])\n      && data.currency === payment.currency && data.toAccountId === MERCHANT))")],
    "failed-for-ever": [('  if (payment.state === "paid") return;\n', '  if (payment.state === "paid" || payment.state === "failed") return;\n')],
    "expired-a-minute-early": [("now() >= payment.ends && payment", "now() >= payment.ends - 60_000 && payment")],
    "expired-unasked-by-status": [("    await refresh(payments.get(second));\n", '    if (now() >= payments.get(second).ends && payments.get(second).state === "open") return [200, { ...payments.get(second), state: "expired" }];\n    await refresh(payments.get(second));\n')],
    "quota-day-in-utc": [("(Math.floor((at + 7 * 3_600_000) / 86_400_000) + 1) * 86_400_000 - 7 * 3_600_000", "(Math.floor(at / 86_400_000) + 1) * 86_400_000")],
    "quota-until-an-hour": [("quietUntil = tomorrow(now())", "quietUntil = now() + 3_600_000")],
    "cycle-of-a-month-of-31": [("const CYCLE_MS = 30 *", "const CYCLE_MS = 31 *")],
    "renewed-only-when-over": [("Math.max(running, now()) + CYCLE_MS", "(running > now() ? running : now() + CYCLE_MS)")],
    "active-a-day-longer": [("ends > now()", "ends + 86_400_000 > now()")],
    "active-at-its-end": [("ends > now()", "ends >= now()")],
    "users-without-case": [("subscriptions.get(second)", "subscriptions.get(second?.toLowerCase())"), ("subscriptions.get(payment.user)", "subscriptions.get(payment.user.toLowerCase())"), ("subscriptions.set(payment.user,", "subscriptions.set(payment.user.toLowerCase(),")],
    "users-by-32-letters": [("subscriptions.get(second)", "subscriptions.get(second?.slice(0, 32))"), ("subscriptions.get(payment.user)", "subscriptions.get(payment.user.slice(0, 32))"), ("subscriptions.set(payment.user,", "subscriptions.set(payment.user.slice(0, 32),")],
    "users-trimmed-of-signs": [("subscriptions.get(second)", 'subscriptions.get(second?.replace(/[^A-Za-z0-9]/g, ""))'), ("subscriptions.get(payment.user)", 'subscriptions.get(payment.user.replace(/[^A-Za-z0-9]/g, ""))'), ("subscriptions.set(payment.user,", 'subscriptions.set(payment.user.replace(/[^A-Za-z0-9]/g, ""),')],
    "ids-by-a-prefix": [("payments.has(second)", "(second = [...payments.keys()].find((one) => second && one.startsWith(second)))"), ("  const [, first, second] =", "  let [, first, second] =")],
    "ids-in-capitals": [("payments.has(second)", "payments.has(second?.toLowerCase())"), ("await refresh(payments.get(second));\n    return [200, payments.get(second)]", "await refresh(payments.get(second.toLowerCase()));\n    return [200, payments.get(second.toLowerCase())]")],
    "key-by-its-beginning": [('timingSafeEqual(hash(request.headers.authorization ?? ""), hash(`Bearer ${API_KEY}`))', '(request.headers.authorization ?? "").startsWith(`Bearer ${API_KEY.slice(0, 16)}`)')],
    "key-in-any-case": [('hash(request.headers.authorization ?? ""), hash(`Bearer ${API_KEY}`)', 'hash((request.headers.authorization ?? "").toLowerCase()), hash(`Bearer ${API_KEY}`.toLowerCase())')],
    "limit-101": [("admitted.length >= 100", "admitted.length > 100")],
    "limit-by-calendar-minute": [("  while (admitted.length && admitted[0] <= now() - 60_000) admitted.shift();", "  while (admitted.length && Math.floor(admitted[0] / 60_000) < Math.floor(now() / 60_000)) admitted.shift();")],
    "limit-from-the-first-call": [("  while (admitted.length && admitted[0] <= now() - 60_000) admitted.shift();", "  if (admitted.length && admitted[0] <= now() - 60_000) admitted.length = 0;")],
    "limit-counts-the-refused": [("  if (admitted.length >= 100)\n", "  if (admitted.length >= 100 && admitted.push(now()))\n")],
    "retry-after-in-ms": [("Math.ceil((admitted[0] + 60_000 - now()) / 1000)", "admitted[0] + 60_000 - now()")],
    "retry-after-always-60": [("Math.ceil((admitted[0] + 60_000 - now()) / 1000)", "60")],
    "retry-after-a-second-short": [("Math.ceil((admitted[0] + 60_000 - now()) / 1000)", "Math.floor((admitted[0] + 60_000 - now() - 1) / 1000)")],
    "limit-of-creating-alone": [("  limit();\n", '  if (request.method === "POST") limit();\n')],
    "webhook-id-by-second": [("id: `msg_${++count}`", "id: `msg_${Math.floor(now() / 1000)}`")],
    "webhook-id-of-the-user": [("id: `msg_${++count}`", "id: `msg_${user}`")],
    "stamp-of-the-event": [("outbox.push({ id:", "outbox.push({ stamp: Math.floor(now() / 1000), id:"), ("const stamp = Math.floor(now() / 1000);", "const stamp = message.stamp;")],
    "signature-of-the-body-alone": [("`${message.id}.${stamp}.${message.body}`", "message.body")],
    "signature-in-hex": [('.digest("base64");\n    const headers', '.digest("hex");\n    const headers')],
    "key-not-decoded": [('Buffer.from(WEBHOOK_SECRET.slice("whsec_".length), "base64")', 'WEBHOOK_SECRET.slice("whsec_".length)')],
    "redirect-followed": [('redirect: "manual"', 'redirect: "follow"')],
    "a-redirect-is-taken": [("status >= 200 && status < 300", "status >= 200 && status < 400")],
    "gone-after-one-more": [("const RETRIES_S = [5, 300, 1800, 7200]", "const RETRIES_S = [5]")],
    "tries-without-a-pause": [("now() + RETRIES_S[message.tries++] * 1000", "now() + 1 + 0 * message.tries++")],
    "tries-without-an-end": [("!good && message.tries < RETRIES_S.length", "!good"), ("RETRIES_S[message.tries++]", "(RETRIES_S[message.tries++] ?? 7200)")],
    "one-failure-stops-the-rest": [("    if (!good && message", "    if (!good) { message.due = now() + RETRIES_S[Math.min(message.tries++, 3)] * 1000; return; }\n    if (!good && message")],
    "round-ends-at-a-bad-answer": [('  if (answer === null || payment.state === "paid") return;', '  if (answer === null) return "stop";\n  if (payment.state === "paid") return;'), ("now() < payment.ends + 86_400_000)) await refresh(payment);", 'now() < payment.ends + 86_400_000) && await refresh(payment) === "stop") break;')],
    "no-word-of-the-end": [('    tell("payment.expired", payment);\n', "")],
    "told-at-each-look": [('    payment.state = "failed";', '    payment.state = "failed"; tell("payment.failed", payment);'), ('errorCode === 3 && payment.state === "open"', "errorCode === 3")],
    "told-before-it-is-so": [('    payment.state = "paid";\n', '    await deliverEarly(payment);\n    payment.state = "paid";\n'), ("async function work() {\n", 'async function deliverEarly(payment) { if (payment.told) return; payment.told = true; tell("payment.paid", payment); await deliver(); }\nasync function work() {\n'), ('    tell("payment.paid", payment);\n  } else', "  } else")],
    "grants-in-a-race": [('  if (answer === null || payment.state === "paid") return;', "  if (answer === null) return;")],
    "same-bill-number": [("`N-${++count}`, at", "`N-1`, at") ],
    "amount-as-text-is-taken": [('typeof amount !== "number" || amount !== Number', "Number(amount) !== Number")],
    "amount-rounded": [("amount !== Number(PRICES[currency])", "Math.round(amount * 10) !== Math.round(PRICES[currency] * 10)")],
    "user-cut-at-64": [('if (typeof user !== "string" || !/^[\\x21-\\x7e]{1,64}$/.test(user)) throw new Problem(422, "user");', "user = String(user).slice(0, 64);")],
    "no-json-is-500": [('catch { throw new Problem(400, "no JSON"); }', "catch (error) { throw error; }")],
    "secret-in-the-answer": [("const payment = { md5,", "const payment = { secret: WEBHOOK_SECRET, md5,")],
    "token-in-the-webhook": [("data: { md5, user } }", "data: { md5, user, by: BAKONG_TOKEN } }")],
}  # fmt: skip


# Which rule names it. "": what a service may do, or what its configuration does not say.
NAMED = {
    "amount-as-whole-dollars": "service.mismatch.near",
    "riel-off-by-a-tenth": "service.mismatch.near",
    "account-by-its-bank": "service.mismatch.account",
    "account-without-case": "service.mismatch.account",
    "currency-of-the-amount-alone": "service.mismatch.currency",
    "an-hour-after-the-end-forgotten": "",  # how long it looks for late money by itself is its own
    "status-alone-finds-what-is-late": "service.watched.late",
    "worker-dies-of-a-page": "service.outage.worker",
    "asked-ten-times-in-an-outage": "service.outage.storm",
    "a-200-without-data-is-paid": "service.garbage",
    "failed-for-ever": "service.failed.paid-after-all",
    "expired-a-minute-early": "service.expired",
    "expired-unasked-by-status": "service.outage.end.connection",
    "quota-day-in-utc": "service.quota.day",
    "quota-until-an-hour": "service.quota.day",
    "cycle-of-a-month-of-31": "service.granted.period",
    "renewed-only-when-over": "service.granted.renewal",
    "active-a-day-longer": "service.end.exact",
    "active-at-its-end": "service.end.exact",
    "users-without-case": "service.granted.names",
    "users-by-32-letters": "service.users.read",
    "users-trimmed-of-signs": "service.users.read",
    "ids-by-a-prefix": "service.status.unknown",
    "ids-in-capitals": "",  # the same number
    "key-by-its-beginning": "service.key.wrong",
    "key-in-any-case": "service.key.wrong",
    "limit-101": "service.limit.burst",
    "limit-by-calendar-minute": "service.limit.window",
    "limit-from-the-first-call": "service.limit.families",
    "limit-counts-the-refused": "service.limit.refused-free",
    "retry-after-in-ms": "service.limit.retry-after",
    "retry-after-always-60": "service.limit.wait-true",
    "retry-after-a-second-short": "service.limit.retry-after",
    "limit-of-creating-alone": "service.limit.burst",
    "webhook-id-by-second": "service.webhook.ids-apart",
    "webhook-id-of-the-user": "service.webhook.ids-apart",
    "stamp-of-the-event": "service.webhook.retried",
    "signature-of-the-body-alone": "service.webhook.signed",
    "signature-in-hex": "service.webhook.signed",
    "key-not-decoded": "service.webhook.signed",
    "redirect-followed": "service.webhook.retried",
    "a-redirect-is-taken": "service.webhook.retried",
    "gone-after-one-more": "service.webhook.persistent",
    "tries-without-a-pause": "service.webhook.schedule",
    "tries-without-an-end": "service.webhook.schedule",
    "one-failure-stops-the-rest": "service.webhook.independent",
    "round-ends-at-a-bad-answer": "service.watched.beside",
    "no-word-of-the-end": "service.webhook.expired",
    "told-at-each-look": "",  # an event that the configuration does not name
    "told-before-it-is-so": "service.granted.once",
    "grants-in-a-race": "service.granted.once",
    "same-bill-number": "service.create.unique",
    "amount-as-text-is-taken": "",  # it says the same amount
    "amount-rounded": "service.create.other-price",
    "user-cut-at-64": "service.errors.fields",
    "no-json-is-500": "service.errors.bodies",
    "secret-in-the-answer": "service.answers.discreet",
    "token-in-the-webhook": "service.webhook.discreet",
}


def planted(name: str, folder: Path) -> Path:
    """The example with the fault, in a folder; its configuration. Raises ValueError where an edit does not fit."""
    source = (EXAMPLE / "service.js").read_text("utf-8")
    for before, after in FAULTS[name]:
        if source.count(before) != 1:
            raise ValueError(f"{name}: service.js has {before!r} {source.count(before)} times, expected once")
        source = source.replace(before, after)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "service.js").write_text(source, "utf-8")
    shutil.copy(EXAMPLE / "verify.yaml", folder)
    return folder / "verify.yaml"


def broken(config: Path, *options: str) -> list[str]:
    """The rules that a run names."""
    report = config.with_name("report.json")
    command = [Path(sys.executable).with_name("bakong-sandbox"), "verify", "service", "--config", config, "--seed", "1"]
    subprocess.run([*command, "--json", report, *options], capture_output=True, check=False)
    return [row["id"] for row in json.loads(report.read_text("utf-8"))["rules"] if row["verdict"] == "broken"]


def main(folder: Path, names: list[str]) -> None:
    for name in names or FAULTS:
        only = ("--only", NAMED[name]) if NAMED[name] else ("--profile", "quick")
        found = broken(planted(name, folder / name), "--jobs", "1", *only)
        print(f"{name}: {', '.join(found) or 'NOTHING'}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
