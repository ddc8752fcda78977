<?php
/** A shop in Laravel that sells a coffee for KHQR: what bootstrap/app.php, config/services.php and routes/ hold in an application of its own. */
use Illuminate\Contracts\Console\Kernel as ConsoleContract;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Contracts\Http\Kernel as HttpContract;
use Illuminate\Foundation\Application;
use Illuminate\Http\Client\ConnectionException;
use Illuminate\Support\Facades\Http;
use Illuminate\Support\Facades\Route;

$app = new Application(__DIR__);
$app->singleton(HttpContract::class, Illuminate\Foundation\Http\Kernel::class);
$app->singleton(ConsoleContract::class, Illuminate\Foundation\Console\Kernel::class);
$app->singleton(ExceptionHandler::class, Illuminate\Foundation\Exceptions\Handler::class);

$app->booted(function () {
    // config/services.php
    config(['services.bakong' => ['url' => env('BAKONG_URL', 'https://api-bakong.nbc.gov.kh'), 'token' => env('BAKONG_TOKEN')]]);

    // routes/api.php
    Route::get('/codes/{qr}', function (string $qr) {
        try {
            $answer = Http::baseUrl(config('services.bakong.url'))->withToken(config('services.bakong.token'))
                ->timeout((int) env('BAKONG_TIMEOUT_S', 10))->post('/v1/check_transaction_by_md5', ['md5' => md5($qr)]);
        } catch (ConnectionException) {
            return response()->json(['state' => 'unknown'], 503); // it may be paid: ask again
        }
        if (!is_array($answer->json())) {
            return response()->json(['state' => 'unknown'], 503);
        }
        if ($answer['responseCode'] === 0 && $answer['data']['amount'] === 1.5) {
            return ['state' => 'paid'];
        }
        // errorCode 3: the payment failed; 1: nobody has made it yet
        return ['state' => $answer['errorCode'] === 3 ? 'failed' : 'open'];
    });
});

return $app;
