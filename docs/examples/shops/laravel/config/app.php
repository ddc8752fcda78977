<?php
return [
    'name' => 'Coffee', 'env' => 'testing', 'debug' => true, 'timezone' => 'UTC', 'locale' => 'en',
    'providers' => [
        Illuminate\Filesystem\FilesystemServiceProvider::class, Illuminate\Foundation\Providers\FoundationServiceProvider::class,
        Illuminate\View\ViewServiceProvider::class,
    ],
    'aliases' => [],
];
