<?php
/** A shop in PHP that sells a coffee for KHQR; its code is printed on the counter. $bakongUrl is https://api-bakong.nbc.gov.kh in production. */
class Shop
{
    private const FAILED = 3; // Bakong's errorCode of a payment that failed; 1 is one that nobody has made yet

    public function __construct(private string $bakongUrl, private string $token, private ?float $timeoutS = null)
    {
        $this->timeoutS ??= (float) (getenv('BAKONG_TIMEOUT_S') ?: 10);
    }

    /** paid, failed, open, or unknown where Bakong did not answer: it may be paid, ask again. */
    public function state(string $qr): string
    {
        $context = stream_context_create(['http' => [
            'method' => 'POST', 'timeout' => $this->timeoutS, 'ignore_errors' => true,
            'header' => "Authorization: Bearer {$this->token}\r\nContent-Type: application/json",
            'content' => json_encode(['md5' => md5($qr)]),
        ]]);
        $answer = json_decode(@file_get_contents("{$this->bakongUrl}/v1/check_transaction_by_md5", false, $context) ?: '', true);
        if (!is_array($answer)) {
            return 'unknown';
        }
        if ($answer['responseCode'] === 0 && $answer['data']['amount'] === 1.5) {
            return 'paid';
        }
        return $answer['errorCode'] === self::FAILED ? 'failed' : 'open';
    }
}
