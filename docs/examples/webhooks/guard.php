<?php
// A webhook guard in PHP 7.4 and later: a signature over the raw body, made at most 300 s ago. No dependency.
// The three forms are those of bakong_contracts.webhook_guard; the test vectors of both are the same.
//
//   $code = webhook_check('header-pair', [getenv('WEBHOOK_SECRET')], getallheaders(), file_get_contents('php://input'), time());
//   if ($code !== 'ok') { http_response_code(401); exit; }

const WEBHOOK_TOLERANCE_S = 300;
const WEBHOOK_FORMS = [
    'standard' => ['webhook-id', 'webhook-timestamp', 'webhook-signature', ' ', '/^v1,[A-Za-z0-9+\/]{43}=$/D'],
    'header-pair' => [null, 'x-webhook-timestamp', 'x-webhook-signature', null, '/^[0-9a-f]{64}$/D'],
    'omise' => [null, 'omise-signature-timestamp', 'omise-signature', ',', '/^[0-9a-f]{64}$/D'],
];

// $headers: name => value, as getallheaders() has them. PHP joins a header that comes twice by ", ": no timestamp or
// signature survives that as one value. Answers 'ok', 'signature_invalid' or 'signature_expired'.
function webhook_check(string $form, array $secrets, array $headers, string $body, int $now): string
{
    [$idName, $timestampName, $signatureName, $separator, $shape] = WEBHOOK_FORMS[$form];
    $headers = array_change_key_case($headers, CASE_LOWER);
    $id = $idName === null ? 'none' : ($headers[$idName] ?? '');
    $timestamp = $headers[$timestampName] ?? '';
    $given = $headers[$signatureName] ?? '';
    if ($id === '' || $given === '' || !preg_match('/^(0|[1-9][0-9]{0,15})$/D', $timestamp)) {
        return 'signature_invalid';
    }
    $head = $idName === null ? "$timestamp." : "$id.$timestamp.";
    $offered = $separator === null ? [$given] : array_map('trim', explode($separator, $given));
    $signed = false;
    foreach ($secrets as $secret) {
        $digest = hash_hmac('sha256', $head . $body, webhook_key($form, $secret), true);
        $right = $form === 'standard' ? 'v1,' . base64_encode($digest) : bin2hex($digest);
        foreach ($offered as $part) {
            $signed = (preg_match($shape, $part) && hash_equals($right, $part)) || $signed;
        }
    }
    if (!$signed) {
        return 'signature_invalid';
    }
    return abs($now - (int) $timestamp) > WEBHOOK_TOLERANCE_S ? 'signature_expired' : 'ok';
}

function webhook_key(string $form, string $secret): string
{
    if ($form === 'header-pair') {
        return $secret;
    }
    $key = base64_decode($form === 'standard' ? preg_replace('/^whsec_/', '', $secret) : $secret, true);
    if ($key === false || $key === '') {
        throw new InvalidArgumentException('the webhook secret is not base64');
    }
    return $key;
}
