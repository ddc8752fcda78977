<?php
/** The tests of the shop: phpunit tests. */
// set-up
require_once __DIR__ . '/../../../helpers/php/UsesBakong.php';
class OrderTest extends Illuminate\Foundation\Testing\TestCase
{
    use UsesBakong;

    public function createApplication()
    {
        $app = require __DIR__ . '/../app.php';
        $app->make(Illuminate\Contracts\Console\Kernel::class)->bootstrap();
        $this->startBakong(); // or ['scenario' => 'timeout']
        config(['services.bakong' => ['url' => $this->bakongUrl, 'token' => $this->bakongToken]]);
        return $app;
    }
    // tests

    public function testACoffeeIsPaid(): void
    {
        $this->assertState('open');
        $this->payBakong($this->qr());
        $this->assertState('paid');
    }

    public function testABakongThatHangsLosesNoPayment(): void
    {
        $this->useBakong('timeout');
        $this->speedBakong(600);
        $this->payBakong($this->qr());
        $this->assertState('unknown', 503);
        $this->assertState('unknown', 503);
        $this->assertState('paid');
        $this->assertEquals([60, 60, 0], array_column($this->bakongWaits(), 'scripted'));
        $this->assertLessThan(1, array_sum(array_column($this->bakongWaits(), 'real')));
    }

    public function testAPaymentThatFailsIsTold(): void
    {
        $this->payBakong($this->qr(), ['outcome' => 'failed']);
        $this->assertState('failed');
    }

    private function assertState(string $state, int $status = 200): void
    {
        $this->getJson('/codes/' . rawurlencode($this->qr()))->assertStatus($status)->assertExactJson(['state' => $state]);
    }

    /** The code on the counter, as `bakong-sandbox khqr encode` makes it. */
    private function qr(): string
    {
        return getenv('SHOP_QR');
    }
}
