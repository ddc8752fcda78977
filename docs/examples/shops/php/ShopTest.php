<?php
/** The tests of the shop: phpunit ShopTest.php. */
// set-up
require_once __DIR__ . '/../../helpers/php/UsesBakong.php';
require_once __DIR__ . '/Shop.php';
class ShopTest extends PHPUnit\Framework\TestCase
{
    use UsesBakong;
    private Shop $shop;

    protected function setUp(): void
    {
        $this->startBakong();
        $this->shop = new Shop($this->bakongUrl, $this->bakongToken);
    }
    // tests

    public function testACoffeeIsPaid(): void
    {
        $this->assertSame('open', $this->shop->state($this->qr()));
        $this->payBakong($this->qr());
        $this->assertSame('paid', $this->shop->state($this->qr()));
    }

    public function testABakongThatHangsLosesNoPayment(): void
    {
        $this->useBakong('timeout');
        $this->speedBakong(600);
        $this->payBakong($this->qr());
        $states = array_map(fn () => $this->shop->state($this->qr()), [1, 2, 3]);
        $this->assertSame(['unknown', 'unknown', 'paid'], $states);
        $this->assertEquals([60, 60, 0], array_column($this->bakongWaits(), 'scripted'));
        $this->assertLessThan(1, array_sum(array_column($this->bakongWaits(), 'real')));
    }

    public function testAPaymentThatFailsIsTold(): void
    {
        $this->payBakong($this->qr(), ['outcome' => 'failed']);
        $this->assertSame('failed', $this->shop->state($this->qr()));
    }

    /** The code on the counter, as `bakong-sandbox khqr encode` makes it. */
    private function qr(): string
    {
        return getenv('SHOP_QR');
    }
}
