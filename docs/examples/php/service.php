<?php
// A payment service in one file of PHP, for `php -S`: standard library alone. It sells one plan, by months of the
// calendar in Phnom Penh; its ids are numbers; its limit tells Retry-After and nothing else. What it knows is in a file
// that one request has at a time. Time is set by tests alone (POST /test/time), which also does what has fallen due.
declare(strict_types=1);
ini_set('serialize_precision', '-1');
const PRICES = ['USD' => '0.50', 'KHR' => '2000'];
const LIFE_MS = 900_000, DAY_MS = 86_400_000, PHNOM_PENH_MS = 25_200_000;
const RETRIES_S = [5, 300, 1800, 7200];
[$bakong, $token, $apiKey, $secret, $hook, $merchant, $file] = array_map(
    fn ($name) => (string) getenv($name),
    ['BAKONG_URL', 'BAKONG_TOKEN', 'API_KEY', 'WEBHOOK_SECRET', 'WEBHOOK_URL', 'MERCHANT', 'STATE_FILE'],
);

class Problem extends Exception
{
    public function __construct(public int $status, string $message, public array $headers = [])
    {
        parent::__construct($message);
    }
}

// KHQR: tags in NBC's order, then the CRC.
function tlv(string $tag, string $value): string
{
    return $tag . sprintf('%02d', strlen($value)) . $value;
}

function crc16(string $text): string
{
    $crc = 0xffff;
    foreach (unpack('C*', $text) as $byte) {
        $crc ^= $byte << 8;
        for ($bit = 0; $bit < 8; $bit++) {
            $crc = ($crc & 0x8000 ? ($crc << 1) ^ 0x1021 : $crc << 1) & 0xffff;
        }
    }
    return sprintf('%04X', $crc);
}

function khqr(string $merchant, string $currency, int $id, int $at): string
{
    $text = tlv('00', '01') . tlv('01', '12') . tlv('29', tlv('00', $merchant)) . tlv('52', '5999')
        . tlv('53', $currency === 'USD' ? '840' : '116') . tlv('54', PRICES[$currency]) . tlv('58', 'KH')
        . tlv('59', 'PHP Shop') . tlv('60', 'Phnom Penh') . tlv('62', tlv('01', "P-$id"))
        . tlv('99', tlv('00', (string) $at) . tlv('01', (string) ($at + LIFE_MS))) . '6304';
    return $text . crc16($text);
}

// The same local time so many months after the first day, on the last day of a shorter month.
function months_on(int $begun, int $months): int
{
    $local = intdiv($begun + PHNOM_PENH_MS, 1000);
    [$year, $month, $day] = array_map('intval', explode('-', gmdate('Y-n-j', $local)));
    $first = gmmktime(0, 0, 0, $month + $months, 1, $year);
    $day = min($day, (int) gmdate('t', $first));
    return ($first + ($day - 1) * 86_400 + $local % 86_400) * 1000 - PHNOM_PENH_MS + $begun % 1000;
}

function post(string $url, string $body, array $headers): array
{
    $lines = implode("\r\n", array_map(fn ($name) => "$name: $headers[$name]", array_keys($headers)));
    $http = ['method' => 'POST', 'content' => $body, 'header' => $lines, 'timeout' => 5,
        'ignore_errors' => true, 'follow_location' => 0, 'protocol_version' => 1.1];
    $answer = @file_get_contents($url, false, stream_context_create(['http' => $http]));
    $status = isset($http_response_header[0]) ? (int) substr($http_response_header[0], 9, 3) : 0;
    return [$status, $answer === false ? '' : $answer];
}

class Shop
{
    public function __construct(private array $state, private array $settings)
    {
    }

    public function state(): array
    {
        return $this->state;
    }

    private function now(): int
    {
        return $this->state['now'] ?? (int) (microtime(true) * 1000);
    }

    public function set_time(int $now): void
    {
        $this->state['now'] = $now;
        foreach ($this->state['payments'] as $id => $payment) {
            if ($payment['state'] !== 'paid' && ($payment['state'] === 'open' || $now < $payment['ends'] + DAY_MS)) {
                $this->refresh($id);
            }
        }
    }

    // A hundred a minute: the instants of those that were let in.
    public function limit(): void
    {
        $now = $this->now();
        $admitted = array_values(array_filter($this->state['admitted'], fn ($at) => $at > $now - 60_000));
        if (count($admitted) >= 100) {
            throw new Problem(429, 'slow down', ['Retry-After' => (int) ceil(($admitted[0] + 60_000 - $now) / 1000)]);
        }
        $this->state['admitted'] = [...$admitted, $now];
    }

    public function create(array $body): array
    {
        [$user, $currency, $amount] = [$body['user'] ?? null, $body['currency'] ?? null, $body['amount'] ?? null];
        if (!is_string($user) || !preg_match('/^[\x21-\x7e]{1,64}$/D', $user)) {
            throw new Problem(422, 'user');
        }
        if (!is_string($currency) || !isset(PRICES[$currency])) {
            throw new Problem(422, 'currency');
        }
        if ((!is_int($amount) && !is_float($amount)) || (float) $amount !== (float) PRICES[$currency]) {
            throw new Problem(422, 'amount');
        }
        [$id, $at] = [$this->state['next']++, $this->now()];
        $qr = khqr($this->settings['merchant'], $currency, $id, $at);
        $this->state['payments'][$id] = ['id' => $id, 'md5' => md5($qr), 'qr' => $qr, 'user' => $user,
            'currency' => $currency, 'state' => 'open', 'ends' => $at + LIFE_MS,
            'expires' => gmdate('Y-m-d\TH:i:s', intdiv($at + LIFE_MS, 1000)) . sprintf('.%03dZ', $at % 1000)];
        return $this->state['payments'][$id];
    }

    public function payment(string $id): array
    {
        if (!preg_match('/^[1-9][0-9]{0,15}$/D', $id) || !isset($this->state['payments'][(int) $id])) {
            throw new Problem(404, 'not found');
        }
        $this->refresh((int) $id);
        return $this->state['payments'][(int) $id];
    }

    public function history(string $user): array
    {
        $mine = array_filter($this->state['payments'], fn ($payment) => $payment['user'] === $user);
        return array_values($mine);
    }

    public function subscription(string $user): array
    {
        $ends = $this->state['plans']["u$user"]['ends'] ?? null;
        return ['active' => $ends !== null && $ends > $this->now(), 'ends' => $ends];
    }

    // What Bakong says; null where it says nothing that can be believed, or has said that the day's calls are spent.
    private function ask(string $md5): ?array
    {
        if ($this->now() < $this->state['quiet']) {
            return null;
        }
        $headers = ['Content-Type' => 'application/json', 'Authorization' => "Bearer {$this->settings['token']}"];
        [$status, $text] = post(
            "{$this->settings['bakong']}/v1/check_transaction_by_md5",
            json_encode(['md5' => $md5]),
            $headers,
        );
        $answer = json_decode($text, true);
        if (!is_array($answer)) {
            return null;
        }
        if (($answer['errorCode'] ?? null) === 17) {
            $day = intdiv($this->now() + PHNOM_PENH_MS, DAY_MS);
            $this->state['quiet'] = ($day + 1) * DAY_MS - PHNOM_PENH_MS;
            return null;
        }
        return $status === 200 && in_array($answer['responseCode'] ?? null, [0, 1], true) ? $answer : null;
    }

    private function refresh(int $id): void
    {
        $payment = &$this->state['payments'][$id];
        $answer = $payment['state'] === 'paid' ? null : $this->ask($payment['md5']);
        if ($answer === null) {
            return;
        }
        [$code, $data] = [$answer['errorCode'] ?? null, $answer['data'] ?? null];
        if ($answer['responseCode'] === 0 && is_array($data) && $this->fits($payment, $data)) {
            $payment['state'] = 'paid';
            $this->grant($payment['user']);
            $this->tell('payment.paid', $payment);
        } elseif ($code === 3 && $payment['state'] === 'open') {
            $payment['state'] = 'failed';
        } elseif ($code === 1 && $this->now() >= $payment['ends'] && $payment['state'] === 'open') {
            $payment['state'] = 'expired';
            $this->tell('payment.expired', $payment);
        }
    }

    private function fits(array $payment, array $data): bool
    {
        $amount = $data['amount'] ?? null;
        return (is_int($amount) || is_float($amount)) && (float) $amount === (float) PRICES[$payment['currency']]
            && ($data['currency'] ?? null) === $payment['currency']
            && ($data['toAccountId'] ?? null) === $this->settings['merchant'];
    }

    // A month more, counted from the first day, so that a short month does not shorten those after it.
    private function grant(string $user): void
    {
        $plan = $this->state['plans']["u$user"] ?? null;
        if ($plan === null || $plan['ends'] <= $this->now()) {
            $plan = ['begun' => $this->now(), 'months' => 0];
        }
        $plan['ends'] = months_on($plan['begun'], ++$plan['months']);
        $this->state['plans']["u$user"] = $plan;
    }

    private function tell(string $type, array $payment): void
    {
        $at = gmdate('Y-m-d\TH:i:s\Z', intdiv($this->now(), 1000));
        $data = ['id' => $payment['id'], 'md5' => $payment['md5'], 'user' => $payment['user']];
        $body = json_encode(['type' => $type, 'timestamp' => $at, 'data' => $data]);
        $this->state['outbox'][] = ['id' => "msg_{$this->state['next']}", 'body' => $body, 'due' => $this->now(), 'tries' => 0];
        $this->state['next']++;
    }

    // The messages that are due, which nobody else takes meanwhile.
    public function take(): array
    {
        $due = array_filter($this->state['outbox'], fn ($one) => $one['due'] !== null && $one['due'] <= $this->now());
        foreach (array_keys($due) as $at) {
            $this->state['outbox'][$at]['due'] = null;
        }
        return $due;
    }

    // Standard Webhooks: HMAC-SHA256 over id.timestamp.body, the same id on every try. Whether it has arrived.
    public function send(array $message): bool
    {
        $key = base64_decode(substr($this->settings['secret'], strlen('whsec_')));
        $stamp = intdiv($this->now(), 1000);
        $signed = base64_encode(hash_hmac('sha256', "{$message['id']}.$stamp.{$message['body']}", $key, true));
        [$status] = post($this->settings['hook'], $message['body'], ['Content-Type' => 'application/json',
            'Webhook-Id' => $message['id'], 'Webhook-Timestamp' => $stamp, 'Webhook-Signature' => "v1,$signed"]);
        return $status >= 200 && $status < 300;
    }

    public function sent(int $at, bool $arrived): void
    {
        $wait = RETRIES_S[$this->state['outbox'][$at]['tries']] ?? null;
        if ($arrived || $wait === null) {
            unset($this->state['outbox'][$at]);
        } else {
            $this->state['outbox'][$at]['due'] = $this->now() + $wait * 1000;
            $this->state['outbox'][$at]['tries']++;
        }
    }
}

function parsed(string $text): array
{
    $body = json_decode($text, true);
    if (json_last_error() !== JSON_ERROR_NONE) {
        throw new Problem(400, 'no JSON');
    }
    if (!is_array($body) || ltrim($text)[0] !== '{') {
        throw new Problem(422, 'expected an object');
    }
    return $body;
}

function route(Shop $shop, string $apiKey): array
{
    [$path, $method] = [explode('?', $_SERVER['REQUEST_URI'])[0], $_SERVER['REQUEST_METHOD']];
    $parts = array_map('rawurldecode', explode('/', $path));
    if ($path === '/health') {
        return [200, ['status' => 'ok']];
    }
    if ($path === '/test/time') {
        $shop->set_time(parsed(file_get_contents('php://input'))['now_ms']);
        return [200, new stdClass()];
    }
    if (!hash_equals(hash('sha256', "Bearer $apiKey"), hash('sha256', $_SERVER['HTTP_AUTHORIZATION'] ?? ''))) {
        throw new Problem(401, 'key');
    }
    $shop->limit();
    if ([$method, $path] === ['POST', '/bills']) {
        return [201, $shop->create(parsed(file_get_contents('php://input')))];
    }
    return match ([$method, $parts[1], count($parts), $parts[3] ?? '']) {
        ['GET', 'bills', 3, ''] => [200, $shop->payment($parts[2])],
        ['GET', 'users', 3, ''] => [200, $shop->subscription($parts[2])],
        ['GET', 'users', 4, 'bills'] => [200, ['items' => page($shop->history($parts[2]))]],
        default => throw new Problem(404, 'not found'),
    };
}

// Oldest first: limit and offset as numbers, 10 and 0 by default.
function page(array $rows): array
{
    $number = function (string $name, int $default, int $least, int $most): int {
        $text = (string) ($_GET[$name] ?? $default);
        if (!preg_match('/^[0-9]{1,9}$/D', $text) || (int) $text < $least || (int) $text > $most) {
            throw new Problem(422, $name);
        }
        return (int) $text;
    };
    return array_slice($rows, $number('offset', 0, 0, 999_999_999), $number('limit', 10, 1, 100));
}

// What a function makes of the shop, which nobody else has meanwhile.
$with = function (callable $work) use ($file, $bakong, $token, $secret, $hook, $merchant) {
    $lock = fopen($file, 'c+');
    flock($lock, LOCK_EX);
    $kept = json_decode((string) stream_get_contents($lock), true)
        ?? ['now' => null, 'next' => 1, 'quiet' => 0, 'payments' => [], 'plans' => [], 'outbox' => [], 'admitted' => []];
    $shop = new Shop($kept, compact('bakong', 'token', 'secret', 'hook', 'merchant'));
    $answer = $work($shop);
    rewind($lock);
    ftruncate($lock, 0);
    fwrite($lock, json_encode($shop->state()));
    fclose($lock);
    return $answer;
};
[$status, $answer, $headers] = $with(function (Shop $shop) use ($apiKey) {
    try {
        return [...route($shop, $apiKey), []];
    } catch (Problem $problem) {
        return [$problem->status, ['error' => $problem->getMessage()], $problem->headers];
    }
});
if ($_SERVER['REQUEST_URI'] === '/test/time') {  // beside the lock: a receiver that hangs holds up nobody
    [$shop, $due] = $with(fn (Shop $shop) => [$shop, $shop->take()]);
    foreach ($due as $at => $message) {
        $arrived = $shop->send($message);
        $with(fn (Shop $shop) => $shop->sent($at, $arrived));
    }
}
http_response_code($status);
header('Content-Type: application/json');
foreach ($headers as $name => $value) {
    header("$name: $value");
}
echo json_encode($answer);
