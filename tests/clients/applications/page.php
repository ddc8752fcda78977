<?php
// A page of a small shop, as one uploads it to shared hosting: it shows a code, and a script on it asks /check.php?id=N
// every few seconds. The orders are in a file.
const MERCHANT = 'sokha@devb', NAME = 'Sokha Coffee', PRICE = '1.50';

function tag($id, $value)
{
    return $id . str_pad((string) strlen($value), 2, '0', STR_PAD_LEFT) . $value;
}

function khqr($bill, $now)
{
    $text = tag('00', '01') . tag('01', '12') . tag('29', tag('00', MERCHANT)) . tag('52', '5999') . tag('53', '840')
        . tag('54', PRICE) . tag('58', 'KH') . tag('59', NAME) . tag('60', 'Phnom Penh') . tag('62', tag('01', $bill))
        . tag('99', tag('00', $now) . tag('01', bcadd_ms($now, 300_000))) . '6304';
    $crc = 0xFFFF;
    foreach (str_split($text) as $letter) {
        $crc ^= ord($letter) << 8;
        for ($i = 0; $i < 8; $i++) {
            $crc = $crc & 0x8000 ? (($crc << 1) ^ 0x1021) & 0xFFFF : ($crc << 1) & 0xFFFF;
        }
    }
    return $text . strtoupper(str_pad(dechex($crc), 4, '0', STR_PAD_LEFT));
}

function bcadd_ms($now, $ms)
{
    return (string) ((int) $now + $ms);
}

function bakong($path, $body)
{
    $context = stream_context_create(['http' => [
        'method' => 'POST',
        'header' => ['Content-Type: application/json', 'Authorization: Bearer ' . getenv('BAKONG_TOKEN')],
        'content' => json_encode($body),
        'ignore_errors' => true,
        'timeout' => 10,
    ]]);
    return json_decode((string) @file_get_contents(getenv('BAKONG_URL') . $path, false, $context), true);
}

$file = getenv('ORDERS');
$orders = is_file($file) ? json_decode(file_get_contents($file), true) : [];
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if ($path === '/check.php') {
    $id = $_GET['id'] ?? '';
    $order = $orders[$id] ?? null;
    if ($order && $order['status'] === 'PENDING') {
        $answer = bakong('/v1/check_transaction_by_md5', ['md5' => $order['md5']]);
        if (($answer['responseCode'] ?? 1) === 0 && (float) $answer['data']['amount'] === (float) PRICE) {
            $orders[$id]['status'] = 'PAID';
            $orders[$id]['from'] = $answer['data']['fromAccountId'];
            file_put_contents($file, json_encode($orders), LOCK_EX);
        }
    }
    header('Content-Type: application/json');
    echo json_encode(['status' => $orders[$id]['status'] ?? 'UNKNOWN']);
    return;
}
$id = (string) (count($orders) + 1);
$qr = khqr("INV-$id", (string) getenv('NOW_MS'));
$orders[$id] = ['md5' => md5($qr), 'status' => 'PENDING'];
file_put_contents($file, json_encode($orders), LOCK_EX);
$link = bakong('/v1/generate_deeplink_by_qr', ['qr' => $qr, 'sourceInfo' => []])['data']['shortLink'] ?? '#';
?>
<!doctype html><title><?= NAME ?></title>
<h1>Scan to pay $<?= PRICE ?></h1>
<pre id="qr" data-order="<?= $id ?>"><?= htmlspecialchars($qr) ?></pre>
<a href="<?= htmlspecialchars($link) ?>">Open Bakong</a>
<script>setInterval(() => fetch('/check.php?id=<?= $id ?>').then(r => r.json()).then(o => { if (o.status === 'PAID') location = '/thanks' }), 3000)</script>
