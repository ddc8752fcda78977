<?php
/** The tests of the shop: php ShopTest.php. In PHPUnit the class extends TestCase, and setUp() calls startBakong(). */
// set-up
require __DIR__ . '/../../helpers/php/UsesBakong.php';
require __DIR__ . '/Shop.php';
class ShopTest
{
    use UsesBakong;

    private function shop(array $options = []): Shop
    {
        $this->startBakong($options);
        return new Shop($this->bakongUrl, $this->bakongToken);
    }
    // tests

    public function testACoffeeIsPaid(): void
    {
        $shop = $this->shop();
        same('open', $shop->state(qr()));
        $this->payBakong(qr());
        same('paid', $shop->state(qr()));
    }

    public function testABakongThatHangsLosesNoPayment(): void
    {
        $shop = $this->shop(['scenario' => 'timeout']);
        $this->speedBakong(600);
        $this->payBakong(qr());
        same(['unknown', 'unknown', 'paid'], [$shop->state(qr()), $shop->state(qr()), $shop->state(qr())]);
    }

    public function testAPaymentThatFailsIsTold(): void
    {
        $shop = $this->shop();
        $this->payBakong(qr(), ['outcome' => 'failed']);
        same('failed', $shop->state(qr()));
    }
}

/** The code on the counter, as `bakong-sandbox khqr encode` makes it. */
function qr(): string
{
    return getenv('SHOP_QR');
}

function same(mixed $expected, mixed $seen): void
{
    if ($expected !== $seen) {
        throw new Exception('expected ' . json_encode($expected) . ', saw ' . json_encode($seen));
    }
}

foreach (get_class_methods('ShopTest') as $name) {
    if (str_starts_with($name, 'test')) {
        (new ShopTest())->$name();
        echo "$name passed\n";
    }
}
