<?php
/** A Bakong for each test, as a trait of PHPUnit's test cases or of any class. BAKONG_SANDBOX_URL says where `bakong-sandbox up` answers. */
trait UsesBakong
{
    public string $bakongUrl;
    public string $bakongToken;
    private string $bakongWorld;
    private float $bakongRate = 1;

    /** Call it in setUp(). $options: as the control API takes them, such as ['scenario' => 'timeout']. */
    public function startBakong(array $options = []): void
    {
        $made = $this->askSandbox('POST', '/sandbox/worlds', (object) $options);
        [$this->bakongUrl, $this->bakongToken, $this->bakongWorld] = [$made['base_url'], $made['token'], $made['world']];
    }

    public function payBakong(string $qr, array $fields = []): array
    {
        return $this->askBakong('POST', '/payments', ['qr' => $qr] + $fields);
    }

    /** Waits of the sandbox take so many times less: a hang of 60 s ends, without an answer, after 0.1 s at 600. */
    public function speedBakong(float $rate): array
    {
        $this->bakongRate = $rate;
        return $this->askBakong('PUT', '/clock', ['mode' => 'scaled', 'rate' => $rate]);
    }

    /** A script by its name. */
    public function useBakong(string $scenario): array
    {
        return $this->askBakong('PUT', '/scenario', ['name' => $scenario]);
    }

    /** How long each call was kept waiting: for how many seconds as the script says, and for how many of yours. */
    public function bakongWaits(): array
    {
        $entries = $this->askBakong('GET', '/journal')['entries'];
        return array_map(fn ($one) => ['scripted' => $one['delay_ms'] / 1000, 'real' => $one['delay_ms'] / 1000 / $this->bakongRate], $entries);
    }

    public function askBakong(string $method, string $path, mixed $body = null): array
    {
        return $this->askSandbox($method, "/sandbox/worlds/{$this->bakongWorld}$path", $body);
    }

    private function askSandbox(string $method, string $path, mixed $body = null): array
    {
        $url = getenv('BAKONG_SANDBOX_URL') ?: 'http://127.0.0.1:8600';
        $context = stream_context_create(['http' => [
            'method' => $method, 'header' => 'Content-Type: application/json', 'ignore_errors' => true,
            'content' => $body === null ? '' : json_encode($body),
        ]]);
        $said = file_get_contents($url . $path, false, $context);
        $answer = json_decode($said ?: '', true);
        if (!is_array($answer) || isset($answer['detail'])) {
            throw new RuntimeException("$method $path: " . ($answer['detail'] ?? $said));
        }
        return $answer;
    }
}
