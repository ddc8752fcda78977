"""Faults of the PHP and Java examples, written from those two files and the reference alone, without a look at a rule."""

from typing import NamedTuple

NO_ANSWER = "        if ($answer === null) {\n            return;"
NO_JSON = "        if (!is_array($answer)) {\n            return null;"
RETRY_AT = "            $this->state['outbox'][$at]['due'] = $this->now() + $wait * 1000;"
EXPIRES = "$payment['state'] = 'expired';\n                $this->tell('payment.expired', $payment);\n"
DELIVERS = """    [$shop, $due] = $with(fn (Shop $shop) => [$shop, $shop->take()]);
    foreach ($due as $at => $message) {
        $arrived = $shop->send($message);
        $with(fn (Shop $shop) => $shop->sent($at, $arrived));
    }"""
DELIVERS_LOCKED = """    $with(function (Shop $shop) {
        foreach ($shop->take() as $at => $message) {
            $shop->sent($at, $shop->send($message));
        }
    });"""
MONTH_LENGTHS = "[31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][(int) gmdate('n', $first) - 1]"
BEGAN = "strtotime(json_decode($message['body'], true)['timestamp'])"
OPEN_ONLY = "if ($payment['state'] !== 'paid' && ($payment['state'] === 'open' || $now < $payment['ends'] + DAY_MS)) {"
IS_PAID = "$payment['state'] === 'paid' ? null : $this->ask"
MISMATCH = "} elseif (($code === 3 || ($answer['responseCode'] === 0 && is_array($data) && $data !== [])) && $payment['state'] === 'open') {"
HAMMERS = """for ($again = 0; $status === 429 && $again < 3; $again++) {
            $url = "{$this->settings['bakong']}/v1/check_transaction_by_md5";
            [$status, $text] = post($url, json_encode(['md5' => $md5]), $headers);
        }
        $answer = json_decode($text, true);"""
NOT_FOUND = 'return Map.of("responseCode", BigDecimal.ONE, "errorCode", BigDecimal.ONE);'
READ = "            if (!(Json.read(answer.body()) instanceof Map<?, ?> said)) return null;"
SAME = "amount.compareTo(new BigDecimal(one.amount))"
ROUNDED = "Math.floorDiv(2 * difference * left + total, 2 * total)"
QUIET = "quiet = Math.floorDiv(now() + ZONE, DAY) * DAY + DAY - ZONE;"
KEY = '("Bearer " + env.get("API_KEY"))'


class Fault(NamedTuple):
    name: str
    what: str
    edits: tuple[tuple[str, str], ...]


PHP = (
    # What must match
    Fault(
        "php-order-to-one-decimal",
        "an order's amount is compared at one decimal: 0.54 buys the plan of 0.50",
        (("(float) $amount !== (float) PRICES[$currency]", "round((float) $amount, 1) !== (float) PRICES[$currency]"),),
    ),
    Fault(
        "php-unknown-currency-is-usd",
        "a currency that is not known is taken for USD",
        (
            (
                "if (!is_string($currency) || !isset(PRICES[$currency])) {\n            throw new Problem(422, 'currency');\n        }",
                "$currency = is_string($currency) && isset(PRICES[$currency]) ? $currency : 'USD';",
            ),
        ),
    ),
    Fault(
        "php-paid-whole-units",
        "what was paid is compared in whole units: one cent pays 0.50 USD",
        (
            (
                "(float) $amount === (float) PRICES[$payment['currency']]",
                "(int) $amount === (int) PRICES[$payment['currency']]",
            ),
        ),
    ),
    Fault(
        "php-paid-more",
        "more than the price is a payment too",
        (
            (
                "(float) $amount === (float) PRICES[$payment['currency']]",
                "(float) $amount >= (float) PRICES[$payment['currency']]",
            ),
        ),
    ),
    Fault(
        "php-currency-absent",
        "a success that names no currency pays",
        (("($data['currency'] ?? null) ===", "($data['currency'] ?? $payment['currency']) ==="),),
    ),
    Fault(
        "php-account-begins",
        "an account that begins with the merchant's is the merchant's",
        (
            (
                "($data['toAccountId'] ?? null) === $this->settings['merchant']",
                "str_starts_with((string) ($data['toAccountId'] ?? ''), $this->settings['merchant'])",
            ),
        ),
    ),
    Fault(
        "php-account-of-bank",
        "any account of the merchant's bank is the merchant's",
        (
            (
                "($data['toAccountId'] ?? null) === $this->settings['merchant']",
                "strrchr((string) ($data['toAccountId'] ?? ''), '@') === strrchr($this->settings['merchant'], '@')",
            ),
        ),
    ),
    # While Bakong is out, and after
    Fault(
        "php-silence-is-not-found",
        "an answer with nothing in it, or none in time, is 'not found': a bill that was paid expires in the outage",
        (
            (
                NO_JSON,
                "        if ($text === '') {\n            return ['responseCode' => 1, 'errorCode' => 1];\n        }\n"
                + NO_JSON,
            ),
        ),
    ),
    Fault(
        "php-forbidden-fails",
        "a 403 of Bakong fails the bill",
        (
            (
                NO_JSON,
                "        if ($status === 403) {\n            return ['responseCode' => 1, 'errorCode' => 3];\n        }\n"
                + NO_JSON,
            ),
        ),
    ),
    Fault(
        "php-page-is-not-found",
        "a page of HTML with 200 is 'not found'",
        (
            (
                NO_JSON,
                NO_JSON.replace(
                    "return null", "return $status === 200 ? ['responseCode' => 1, 'errorCode' => 1] : null"
                ),
            ),
        ),
    ),
    Fault(
        "php-slow-down-spends-day",
        "a 429 of Bakong silences the service until the next day",
        (
            (
                "if (($answer['errorCode'] ?? null) === 17) {",
                "if (($answer['errorCode'] ?? null) === 17 || $status === 429) {",
            ),
        ),
    ),
    Fault(
        "php-slow-down-hammered",
        "a 429 of Bakong is asked again at once, three times",
        (("$answer = json_decode($text, true);", HAMMERS),),
    ),
    Fault(
        "php-any-status-believed",
        "what a 500 of Bakong says is believed",
        (("return $status === 200 && in_array(", "return in_array("),),
    ),
    Fault(
        "php-success-without-data",
        "a success without data pays",
        (("is_array($data) && $this->fits($payment, $data)", "(!is_array($data) || $this->fits($payment, $data))"),),
    ),
    Fault(
        "php-success-empty-data",
        "a success with empty data pays",
        (
            (
                "is_array($data) && $this->fits($payment, $data)",
                "is_array($data) && ($data === [] || $this->fits($payment, $data))",
            ),
        ),
    ),
    Fault(
        "php-other-error-expires",
        "any error of Bakong means 'not found' once the bill's time is over",
        (("} elseif ($code === 1 &&", "} elseif ($code !== null &&"),),
    ),
    Fault(
        "php-clock-expires",
        "a bill expires by the clock, though Bakong says nothing",
        (
            (
                NO_ANSWER,
                (
                    "        if ($answer === null) {\n            if ($payment['state'] === 'open' && $this->now() >= $payment['ends']) {\n"
                    f"                {EXPIRES}            }}\n            return;"
                ),
            ),
        ),
    ),
    Fault(
        "php-clock-expires-when-spent",
        "a bill expires by the clock while the day's calls are spent",
        (
            (
                NO_ANSWER,
                (
                    "        if ($answer === null) {\n            if ($payment['state'] === 'open' && $this->now() >= $payment['ends']\n"
                    f"                && $this->now() < $this->state['quiet']) {{\n                {EXPIRES}            }}\n            return;"
                ),
            ),
        ),
    ),
    Fault(
        "php-silence-is-500",
        "the status of a bill is a 500 while Bakong says nothing",
        (
            (
                NO_ANSWER,
                (
                    "        if ($answer === null) {\n            if ($payment['state'] !== 'paid' && $_SERVER['REQUEST_URI'] !== '/test/time') {\n"
                    "                throw new Problem(500, 'no answer');\n            }\n            return;"
                ),
            ),
        ),
    ),
    Fault(
        "php-breaker-of-an-hour",
        "one answer that is not JSON silences the service for an hour",
        (
            (
                NO_JSON,
                NO_JSON.replace(
                    "            return",
                    "            $this->state['quiet'] = $this->now() + 3_600_000;\n            return",
                ),
            ),
        ),
    ),
    Fault(
        "php-spent-for-24-hours",
        "a spent quota silences the service for 24 hours",
        (("= ($day + 1) * DAY_MS - PHNOM_PENH_MS;", "= $this->now() + DAY_MS;"),),
    ),
    Fault(
        "php-spent-to-utc-midnight",
        "a spent quota silences the service to midnight of UTC",
        (
            ("$day = intdiv($this->now() + PHNOM_PENH_MS, DAY_MS);", "$day = intdiv($this->now(), DAY_MS);"),
            ("= ($day + 1) * DAY_MS - PHNOM_PENH_MS;", "= ($day + 1) * DAY_MS;"),
        ),
    ),
    # What a bill goes through
    Fault(
        "php-only-open-watched",
        "a payment after the end is seen by who asks alone: no event comes of itself",
        ((OPEN_ONLY, "if ($payment['state'] === 'open') {"),),
    ),
    Fault(
        "php-late-grants-nothing",
        "a payment after the end is 'paid', but buys nothing",
        (
            (
                "$this->grant($payment['user']);",
                "if ($this->now() < $payment['ends']) {\n                $this->grant($payment['user']);\n            }",
            ),
        ),
    ),
    Fault(
        "php-paid-asked-again",
        "a paid bill is asked for again, and grants again",
        (("$payment['state'] === 'paid' ? null : $this->ask($payment['md5'])", "$this->ask($payment['md5'])"),),
    ),
    Fault(
        "php-expired-again",
        "a bill expires at each check, and is told each time",
        (("$this->now() >= $payment['ends'] && $payment['state'] === 'open'", "$this->now() >= $payment['ends']"),),
    ),
    Fault(
        "php-open-at-end",
        "a bill is open at the instant of its end",
        (("$code === 1 && $this->now() >= $payment['ends']", "$code === 1 && $this->now() > $payment['ends']"),),
    ),
    # The limit
    Fault(
        "php-window-closed",
        "the 101st request is let in a millisecond after the minute",
        (("$at > $now - 60_000", "$at >= $now - 60_000"),),
    ),
    Fault(
        "php-window-of-the-clock",
        "the limit counts by the minute of the clock",
        (("$at > $now - 60_000", "intdiv($at, 60_000) === intdiv($now, 60_000)"),),
    ),
    Fault(
        "php-refused-count",
        "refused requests count against the limit",
        (
            (
                "if (count($admitted) >= 100) {",
                "if (count($admitted) >= 100) {\n            $this->state['admitted'] = [...$admitted, $now];",
            ),
        ),
    ),
    Fault(
        "php-retry-after-cut",
        "Retry-After is cut off, not rounded up",
        (("(int) ceil((", "(int) floor(("),),
    ),
    Fault(
        "php-strangers-spend",
        "requests without the key spend the limit of who has it",
        (
            ("    $shop->limit();\n    if ([$method", "    if ([$method"),
            ("    if (!hash_equals(", "    $shop->limit();\n    if (!hash_equals("),
        ),
    ),
    # Webhooks
    Fault(
        "php-id-of-try",
        "each further try has another webhook-id",
        ((RETRY_AT, RETRY_AT + "\n            $this->state['outbox'][$at]['id'] .= 'r';"),),
    ),
    Fault(
        "php-stamp-of-event",
        "each try is stamped with the instant of the event",
        (("$stamp = intdiv($this->now(), 1000);", f"$stamp = {BEGAN};"),),
    ),
    Fault(
        "php-retry-badly-signed",
        "further tries sign the stamp of the first",
        (
            (
                """"{$message['id']}.$stamp.{$message['body']}\"""",
                f"""$message['id'] . '.' . {BEGAN} . '.' . $message['body']""",
            ),
        ),
    ),
    Fault("php-redirect-arrived", "a redirect of the receiver is an arrival", (("$status < 300", "$status < 400"),)),
    Fault(
        "php-hang-arrived",
        "a receiver that never answers has received",
        (("return $status >= 200 && $status < 300;", "return $status === 0 || ($status >= 200 && $status < 300);"),),
    ),
    Fault(
        "php-tries-never-end",
        "the tries never end",
        (("['tries']] ?? null;", "['tries']] ?? 7200;"),),
    ),
    Fault("php-wait-in-ms", "the waits between tries are milliseconds", (("$wait * 1000;", "$wait;"),)),
    Fault("php-hang-holds-all", "a receiver that hangs holds up every request", ((DELIVERS, DELIVERS_LOCKED),)),
    Fault(
        "php-settings-in-event",
        "an event holds the settings, with token and secret",
        (
            (
                "'user' => $payment['user']];\n        $body",
                "'user' => $payment['user'], 'source' => $this->settings];\n        $body",
            ),
        ),
    ),
    Fault(
        "php-outbox-shifts",
        "of two messages at once the first arrives: the second, which does not, is never tried again",
        (
            ("unset($this->state['outbox'][$at]);", "array_splice($this->state['outbox'], $at, 1);"),
            ("$this->state['outbox'][$at]['tries']] ??", "$this->state['outbox'][$at]['tries'] ?? 9] ??"),
        ),
    ),
    Fault(
        "php-message-number-again",
        "two events have one webhook-id once the first has arrived",
        ((""""msg_{$this->state['next']}\"""", "'msg_' . count($this->state['outbox'])"),),
    ),
    # Whose it is
    Fault(
        "php-plan-by-case",
        "users whose names differ by case share a plan",
        (
            (
                "$ends = $this->state['plans'][\"u$user\"]['ends']",
                "$ends = $this->state['plans']['u' . strtolower($user)]['ends']",
            ),
            (
                "$plan = $this->state['plans'][\"u$user\"] ?? null;",
                "$user = strtolower($user);\n        $plan = $this->state['plans'][\"u$user\"] ?? null;",
            ),
        ),
    ),
    Fault(
        "php-plan-by-32",
        "users whose names agree for 32 characters share a plan",
        (
            (
                "$ends = $this->state['plans'][\"u$user\"]['ends']",
                "$ends = $this->state['plans']['u' . substr($user, 0, 32)]['ends']",
            ),
            (
                "$plan = $this->state['plans'][\"u$user\"] ?? null;",
                "$user = substr($user, 0, 32);\n        $plan = $this->state['plans'][\"u$user\"] ?? null;",
            ),
        ),
    ),
    Fault(
        "php-history-by-number",
        "users whose names are one number (10 and 1e1, 7 and 07) see each other's bills",
        (("$payment['user'] === $user", "$payment['user'] == $user"),),
    ),
    Fault(
        "php-history-wildcard",
        "a user named * sees every bill",
        (("$payment['user'] === $user", "fnmatch($user, $payment['user'])"),),
    ),
    Fault("php-plus-is-space", "a plus in a user's name is read as a space", (("'rawurldecode'", "'urldecode'"),)),
    Fault(
        "php-id-begins",
        "a bill is found by any text that begins with its number",
        (("!preg_match('/^[1-9][0-9]{0,15}$/D', $id) || ", ""),),
    ),
    Fault(
        "php-key-any-case",
        "the API key is compared without case",
        (
            (
                "hash('sha256', \"Bearer $apiKey\"), hash('sha256', $_SERVER['HTTP_AUTHORIZATION'] ?? '')",
                "hash('sha256', strtolower(\"Bearer $apiKey\")), hash('sha256', strtolower($_SERVER['HTTP_AUTHORIZATION'] ?? ''))",
            ),
        ),
    ),
    Fault(
        "php-reads-open", "reading asks for no key", (("if (!hash_equals(", "if ($method !== 'GET' && !hash_equals("),)
    ),
    # Periods
    Fault(
        "php-active-at-end",
        "a plan runs at the instant of its end",
        (("$ends > $this->now()", "$ends >= $this->now()"),),
    ),
    Fault(
        "php-month-drifts",
        "a month is counted from the last end: a short month shortens those after it",
        (("months_on($plan['begun'], ++$plan['months'])", "months_on($plan['ends'] ?? $plan['begun'], 1)"),),
    ),
    Fault(
        "php-month-of-utc",
        "months are those of UTC: the end is off by days about the end of a month",
        (
            ("$local = intdiv($begun + PHNOM_PENH_MS, 1000);", "$local = intdiv($begun, 1000);"),
            ("- PHNOM_PENH_MS + $begun % 1000", "+ $begun % 1000"),
        ),
    ),
    Fault("php-no-leap-day", "February has 28 days in each year", (("(int) gmdate('t', $first)", MONTH_LENGTHS),)),
    Fault(
        "php-early-loses-days",
        "who pays before the end loses what was left",
        (("if ($plan === null || $plan['ends'] <= $this->now()) {", "if ($plan === null || $plan['months'] > 0) {"),),
    ),
    Fault(
        "php-lapse-is-charged",
        "who pays after a lapse is granted the month that follows the old end",
        (("if ($plan === null || $plan['ends'] <= $this->now()) {", "if ($plan === null) {"),),
    ),
    # The QR, the lists
    Fault(
        "php-riel-with-decimals",
        "the QR of a bill in riel asks for 2000.00",
        (("tlv('54', PRICES[$currency])", "tlv('54', number_format((float) PRICES[$currency], 2, '.', ''))"),),
    ),
    Fault(
        "php-qr-lives-a-day",
        "the QR says that it can be paid for a day",
        (("(string) ($at + LIFE_MS)", "(string) ($at + DAY_MS)"),),
    ),
    Fault(
        "php-expires-in-local-time",
        "the end of a bill is told in local time with a Z",
        (
            (
                "gmdate('Y-m-d\\TH:i:s', intdiv($at + LIFE_MS, 1000))",
                "gmdate('Y-m-d\\TH:i:s', intdiv($at + LIFE_MS + PHNOM_PENH_MS, 1000))",
            ),
        ),
    ),
    Fault("php-crc-unpadded", "a CRC below 0x1000 has three digits", (("'%04X'", "'%X'"),)),
    Fault(
        "php-offset-is-page",
        "the offset of the history counts pages",
        (
            (
                "$number('offset', 0, 0, 999_999_999), ",
                "$number('offset', 0, 0, 999_999_999) * $number('limit', 10, 1, 100), ",
            ),
        ),
    ),
    Fault(
        "php-history-hides-expired",
        "the history leaves out what has expired",
        (("$payment['user'] === $user", "$payment['user'] === $user && $payment['state'] !== 'expired'"),),
    ),
    # Two at once
    Fault(
        "php-shared-lock",
        "two requests change the state at once, and one of the changes is lost",
        (("LOCK_EX", "LOCK_SH"),),
    ),
    Fault(
        "php-mismatch-is-final",
        "a payment that does not match fails the bill, and a failed bill is asked for no more: the right payment is lost",
        (
            ("} elseif ($code === 3 && $payment['state'] === 'open') {", MISMATCH),
            (IS_PAID, "in_array($payment['state'], ['paid', 'failed'], true) ? null : $this->ask"),
        ),
    ),
    Fault(
        "php-nothing-said-is-not-found",
        "an answer with no code at all is 'not found'",
        (
            ("in_array($answer['responseCode'] ?? null,", "in_array($answer['responseCode'] ?? 1,"),
            ("if ($answer['responseCode'] === 0 &&", "if (($answer['responseCode'] ?? 1) === 0 &&"),
            ("} elseif ($code === 1 &&", "} elseif (($code ?? 1) === 1 &&"),
        ),
    ),
)

JAVA = (
    # What must match
    Fault(
        "java-order-at-lower-price",
        "the price of either plan buys the plan that is named, and is what the QR asks for",
        (
            (
                "amount.compareTo(new BigDecimal(price(plan, currency))) != 0)",
                'amount.compareTo(new BigDecimal(price(plan, currency))) != 0 && amount.compareTo(new BigDecimal(price("BASIC", currency))) != 0)',
            ),
            ('price(plan, currency), "order", 0)', 'amount.toPlainString(), "order", 0)'),
        ),
    ),
    Fault(
        "java-order-riel-unchecked",
        "the amount of an order in riel is not compared",
        (
            (
                "instanceof BigDecimal amount) || amount",
                'instanceof BigDecimal amount) || currency.equals("USD") && amount',
            ),
        ),
    ),
    Fault(
        "java-upgrade-overpaid",
        "more than was asked pays an upgrade",
        ((f"{SAME} == 0", f'(one.buys.equals("upgrade") ? {SAME} >= 0 : {SAME} == 0)'),),
    ),
    Fault(
        "java-bill-any-currency",
        "a bill is paid in either currency",
        (
            (
                'one.currency.equals(data.get("currency"))',
                '(one.buys.equals("bill") || one.currency.equals(data.get("currency")))',
            ),
        ),
    ),
    Fault(
        "java-upgrade-any-account",
        "an upgrade is paid to any account",
        (
            (
                'env.get("MERCHANT").equals(data.get("toAccountId"))',
                '(one.buys.equals("upgrade") || env.get("MERCHANT").equals(data.get("toAccountId")))',
            ),
        ),
    ),
    Fault(
        "java-riel-within-ten",
        "a payment in riel may be off by ten",
        (
            (
                f"{SAME} == 0",
                (
                    "amount.subtract(new BigDecimal(one.amount)).abs()"
                    '.compareTo(one.currency.equals("KHR") ? BigDecimal.TEN : BigDecimal.ZERO) <= 0'
                ),
            ),
        ),
    ),
    # The price of an upgrade
    Fault(
        "java-upgrade-rounded-up",
        "an upgrade's price is rounded up",
        ((ROUNDED, "Math.floorDiv(difference * left + total - 1, total)"),),
    ),
    Fault(
        "java-upgrade-half-down",
        "an exact half of a cent is rounded down",
        ((ROUNDED, "Math.floorDiv(2 * difference * left + total - 1, 2 * total)"),),
    ),
    Fault(
        "java-upgrade-by-days",
        "an upgrade is priced by whole days",
        (("left = held.ends / 1000 - now() / 1000;", "left = (held.ends - now()) / DAY * (DAY / 1000);"),),
    ),
    Fault(
        "java-upgrade-riel-by-hundred",
        "an upgrade in riel is cut to hundreds",
        (("if (due == 0) {", "if (unit == 1) due = due / 100 * 100;\n        if (due == 0) {"),),
    ),
    Fault(
        "java-upgrade-riel-decimals",
        "an upgrade in riel has two decimals",
        (('long unit = held.currency.equals("USD") ? 100 : 1, total', "long unit = 100, total"),),
    ),
    Fault(
        "java-upgrade-capped",
        "after an early renewal an upgrade is charged for one cycle, and runs for two",
        (("left = held.ends / 1000 - now() / 1000;", "left = Math.min(total, held.ends / 1000 - now() / 1000);"),),
    ),
    Fault(
        "java-free-upgrade-lost",
        "an upgrade that costs nothing changes nothing",
        (('held.plan = "FULL";\n            return Map.of("amount"', 'return Map.of("amount"'),),
    ),
    Fault(
        "java-old-quote-serves",
        "a quote of the last cycle, paid after the renewal, upgrades the new one",
        (("if (held != null && now() < paid.until)", "if (held != null)"),),
    ),
    Fault(
        "java-quote-seen-late-lost",
        "a quote that is seen as paid after its end upgrades nothing",
        (("&& now() < paid.until)", "&& now() < paid.ends)"),),
    ),
    Fault(
        "java-upgrade-restarts-cycle",
        "an upgrade starts the cycle anew",
        (
            (
                '{ held.plan = "FULL"; held.lowerAt = null; }',
                '{ held.plan = "FULL"; held.lowerAt = null; held.ends = now() + CYCLE; }',
            ),
        ),
    ),
    Fault(
        "java-upgrade-of-full",
        "who has the best plan may buy it again",
        (('if (held.plan.equals("FULL")) throw', 'if (held.plan.equals("FULL") && held.lowerAt != null) throw'),),
    ),
    # Downgrades, bills
    Fault(
        "java-downgrade-moves",
        "a second downgrade moves the first to the new end",
        (("if (held.lowerAt == null) held.lowerAt = held.ends;", "held.lowerAt = held.ends;"),),
    ),
    Fault(
        "java-downgrade-one-late",
        "at the instant of the downgrade the better plan still runs",
        (("now() >= held.lowerAt)", "now() > held.lowerAt)"),),
    ),
    Fault(
        "java-downgrade-forgotten",
        "a renewal forgets the downgrade",
        (("held.ends += CYCLE;", "held.ends += CYCLE; held.lowerAt = null;"),),
    ),
    Fault(
        "java-lower-bill-lowers-now",
        "who pays the lower bill early has the lower plan at once",
        (('if (paid.plan.equals("FULL")) held.plan = "FULL";', "held.plan = paid.plan;"),),
    ),
    Fault(
        "java-downgrade-of-lowest",
        "who has the lowest plan may go down",
        (('if (held.plan.equals("BASIC")) throw new Problem(409, "nothing is below");', ""),),
    ),
    Fault(
        "java-bill-not-lowered",
        "the bill after a downgrade is the higher one",
        (('String plan = held.lowerAt == null ? held.plan : "BASIC";', "String plan = held.plan;"),),
    ),
    Fault(
        "java-two-bills",
        "each call makes another bill for one cycle, and the second buys nothing",
        (("return shown(one);", "break;"),),
    ),
    Fault(
        "java-bill-of-old-plan",
        "after a change of plan the old bill is shown, at the old price",
        ((" && one.plan.equals(plan))", ")"),),
    ),
    Fault(
        "java-renewed-from-today",
        "a renewal counts from the day of payment",
        (("held.ends += CYCLE;", "held.ends = now() + CYCLE;"),),
    ),
    Fault(
        "java-active-at-end", "a plan runs at the instant of its end", (("held.ends <= now()", "held.ends < now()"),)
    ),
    Fault(
        "java-cycle-from-order",
        "the first cycle counts from the order, not from the payment",
        (("begun.ends = now() + CYCLE;", "begun.ends = paid.ends - LIFE + CYCLE;"),),
    ),
    Fault(
        "java-second-order-lost",
        "of two orders that were open at once the second payment buys nothing",
        (('(!paid.buys.equals("bill") || paid.until == held.ends)', "(paid.until == held.ends)"),),
    ),
    Fault(
        "java-riel-billed-in-usd",
        "who paid in riel first is billed in USD",
        (("begun.currency = paid.currency;", 'begun.currency = "USD";'),),
    ),
    # While Bakong is out, and after
    Fault(
        "java-silence-is-not-found",
        "no answer is 'not found'",
        (("catch (Exception silent) { return null; }", f"catch (Exception silent) {{ {NOT_FOUND} }}"),),
    ),
    Fault(
        "java-unauthorised-is-not-found",
        "a 401 of Bakong is 'not found'",
        ((READ, f"            if (answer.statusCode() == 401) {NOT_FOUND}\n{READ}"),),
    ),
    Fault(
        "java-fault-is-not-found",
        "a 500 of Bakong is 'not found'",
        ((READ, f"            if (answer.statusCode() >= 500) {NOT_FOUND}\n{READ}"),),
    ),
    Fault(
        "java-success-without-data",
        "a success without data pays",
        (
            (
                'said.get("data") instanceof Map<?, ?> data && fits(one, data)',
                '(!(said.get("data") instanceof Map<?, ?> data) || fits(one, data))',
            ),
        ),
    ),
    Fault(
        "java-shown-expired",
        "in an outage a bill is shown as expired once its time is over, though it may be paid",
        (
            ("static Map<String, Object> shown(", "Map<String, Object> shown("),
            (
                'answer.put("state", one.state);',
                'answer.put("state", one.state.equals("open") && now() >= one.ends ? "expired" : one.state);',
            ),
        ),
    ),
    Fault(
        "java-faults-add-up",
        "three faults of Bakong, whenever they were, silence the service for a day",
        (
            ("long quiet, count;", "long quiet, count, faults;"),
            (
                "catch (Exception silent) { return null; }",
                "catch (Exception silent) { if (++faults % 3 == 0) quiet = now() + DAY; return null; }",
            ),
        ),
    ),
    Fault(
        "java-spent-a-day-more",
        "a spent quota silences the service for a day too long",
        ((QUIET, QUIET.replace("+ DAY -", "+ 2 * DAY -")),),
    ),
    Fault(
        "java-spent-at-midnight",
        "at midnight the service is still silent",
        (("if (now() < quiet) return null;", "if (now() <= quiet) return null;"),),
    ),
    Fault("java-spent-an-hour", "a spent quota is asked again each hour", ((QUIET, "quiet = now() + HOUR;"),)),
    # What a bill goes through
    Fault(
        "java-failed-is-final",
        "a failed bill that is paid later stays failed",
        (('one.state.equals("paid") ? null', 'one.state.equals("paid") || one.state.equals("failed") ? null'),),
    ),
    Fault(
        "java-failed-again",
        "a bill fails at each check, and is told each time",
        (('is(said.get("errorCode"), 3) && one.state.equals("open")', 'is(said.get("errorCode"), 3)'),),
    ),
    Fault(
        "java-late-not-told",
        "a payment after the end is granted, but not told",
        (('tell("payment.paid", one);', 'if (now() < one.ends) tell("payment.paid", one);'),),
    ),
    # Webhooks
    Fault(
        "java-first-wait-skipped",
        "the first wait is the second",
        (("Long due; int tries; }", "Long due; int tries = 1; }"),),
    ),
    Fault(
        "java-redirect-followed",
        "a redirect of the receiver is followed",
        (
            (
                "connectTimeout(Duration.ofSeconds(5)).build();",
                "connectTimeout(Duration.ofSeconds(5)).followRedirects(HttpClient.Redirect.ALWAYS).build();",
            ),
        ),
    ),
    Fault(
        "java-refusal-arrived",
        "a refusal of the receiver (4xx) is an arrival",
        (("status / 100 == 2 || message", "status / 100 == 2 || status / 100 == 4 || message"),),
    ),
    Fault(
        "java-id-of-payment",
        "two events of one payment have one webhook-id",
        (('message.id = "msg_" + ++count;', 'message.id = "msg_" + one.md5;'),),
    ),
    Fault(
        "java-signature-for-urls",
        "the signature is in the base64 of URLs",
        (("Base64.getEncoder()", "Base64.getUrlEncoder()"),),
    ),
    Fault(
        "java-hang-holds-all",
        "a receiver that hangs holds up every request",
        (('.equals("/test/time")) deliver();', '.equals("/test/time")) synchronized (this) { deliver(); }'),),
    ),
    Fault(
        "java-hang-not-retried",
        "a receiver that hung or was away is not tried again",
        (("catch (IOException silent) { status = 0; }", "catch (IOException silent) { continue; }"),),
    ),
    Fault(
        "java-token-to-receiver",
        "the token of Bakong is sent to the receiver",
        (
            (
                '.header("webhook-timestamp", stamp)',
                '.header("webhook-timestamp", stamp).header("authorization", "Bearer " + env.get("BAKONG_TOKEN"))',
            ),
        ),
    ),
    # The limit
    Fault(
        "java-remaining-one-more",
        "the RateLimit field says one request more than is left",
        (("return 100 - admitted", "return 101 - admitted"),),
    ),
    Fault(
        "java-reset-of-newest",
        "the RateLimit field tells when the newest request leaves",
        (('";t=" + (admitted.peek()', '";t=" + (admitted.peekLast()'),),
    ),
    Fault("java-retry-after-ms", "Retry-After is in milliseconds", (("- now()) / 1000));", "- now())));"),)),
    Fault(
        "java-window-emptied",
        "when the oldest request leaves the window, all leave",
        (
            (
                "while (!admitted.isEmpty() && admitted.peek() <= now() - 60_000) admitted.poll();",
                "if (!admitted.isEmpty() && admitted.peek() <= now() - 60_000) admitted.clear();",
            ),
        ),
    ),
    # Whose it is
    Fault(
        "java-key-and-more",
        "what begins with the key is the key",
        (("isEqual(given, ", f"isEqual(Arrays.copyOf(given, Math.min(given.length, {KEY}.length())), "),),
    ),
    Fault(
        "java-decoded-twice",
        "a name in a path is decoded twice",
        (
            (
                'URLDecoder.decode(parts[2].replace("+", "%2B"), StandardCharsets.UTF_8);',
                'URLDecoder.decode(URLDecoder.decode(parts[2].replace("+", "%2B"), StandardCharsets.UTF_8), StandardCharsets.UTF_8);',
            ),
        ),
    ),
    Fault(
        "java-quote-of-longer-name",
        "the quote of a user whose name begins with mine refuses my upgrade",
        (
            (
                'one.user.equals(user) && one.buys.equals("upgrade")',
                'one.user.startsWith(user) && one.buys.equals("upgrade")',
            ),
        ),
    ),
    Fault(
        "java-bill-by-case",
        "a user is shown the bill of one whose name differs by case",
        (
            (
                'one.user.equals(user) && one.buys.equals("bill")',
                'one.user.equalsIgnoreCase(user) && one.buys.equals("bill")',
            ),
        ),
    ),
    Fault(
        "java-quote-refuses-all",
        "while one user's quote can be paid, nobody else is quoted",
        (('one.user.equals(user) && one.buys.equals("upgrade")', 'one.buys.equals("upgrade")'),),
    ),
    Fault(
        "java-ended-quote-refuses",
        "in an outage a quote whose time is over still refuses the next",
        (("&& one.lives(now())) throw", '&& one.state.equals("open")) throw'),),
    ),
    # Answers, the QR, races
    Fault("java-unknown-is-500", "an order that is not known is a 500", ((" && payments.containsKey(name)", ""),)),
    Fault(
        "java-slow-down-no-problem",
        "a 429 is not a problem document",
        (
            (
                'media = "application/problem+json";',
                'media = status == 429 ? "application/json" : "application/problem+json";',
            ),
        ),
    ),
    Fault(
        "java-problem-says-400",
        "the problem document says 400 whatever the status",
        (('"status", new BigDecimal(status)', '"status", new BigDecimal(400)'),),
    ),
    Fault(
        "java-no-lock",
        "requests are served at once without a lock",
        (("synchronized (this) { answer = answered(call, raw); }", "answer = answered(call, raw);"),),
    ),
    Fault("java-one-number", "two orders of one instant have one md5", (('"J-" + ++count', '"J-" + plan'),)),
)
