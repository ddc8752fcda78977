<?php
/** Laravel as Debian packs it (php-laravel-framework, php-guzzlehttp-guzzle); elsewhere vendor/autoload.php of composer takes its place. */
require_once 'GuzzleHttp/autoload.php';
require_once 'Illuminate/autoload.php';
spl_autoload_register(function (string $name) {
    $file = '/usr/share/php/' . strtr($name, '\\', '/') . '.php'; // Illuminate\Foundation has no autoload.php there
    if (str_starts_with($name, 'Illuminate\\') && file_exists($file)) {
        require_once $file;
    }
});
