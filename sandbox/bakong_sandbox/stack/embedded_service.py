"""The service within a sandbox: its settings and port, on the default world's clock. Loaded only where it is wanted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from pydantic import SecretStr

from bakong_sandbox.stack.bounded import BoundedProtocol
from bakong_sandbox.stack.datadir import Secrets
from bakong_sandbox.stack.options import Options, Stack
from bakong_sandbox.stack.serving import listen, serve, url_of
from bakong_sandbox.stack.starting import started
from bakong_schemes.bakong.adapter.settings import BakongSettings
from bakong_schemes.bakong.fake.registrations import EMAIL
from bakong_schemes.bakong.fake.scheme import MERCHANT
from bakong_service import app as service_app
from bakong_service.database_url import sqlite_url
from bakong_service.settings import Settings


@asynccontextmanager
async def with_service(options: Options, secrets: Secrets, stack: Stack) -> AsyncIterator[Stack]:
    """The stack with the service in it, on the default world's clock. Raises SetupError."""
    with listen(options.service_port or 0, options.host) as opened:
        settings, providers = _settings(options, secrets, stack), [_bakong(options, stack).factory()]
        clock = stack.worlds.default.clock
        running_service = started(service_app.run(settings, providers, timers=clock))
        async with running_service as running, serve(running.app, opened, http=BoundedProtocol):
            yield replace(
                stack, service_url=url_of(opened), api_key=secrets.api_key, webhook_secret=secrets.webhook_secret
            )


def _settings(options: Options, secrets: Secrets, stack: Stack) -> Settings:
    return Settings.model_construct(
        mode="sandbox",
        database_url=options.database_url or sqlite_url(stack.data_dir / "service.db"),
        redis_url=options.redis_url,
        redis_prefix=options.redis_prefix,
        rate_limit_per_minute=options.rate_limit_per_minute,
        log_dir=stack.data_dir / "logs",
        allow_private_callbacks=True,
        premium_price=options.prices[0],
        family_premium_price=options.prices[1],
        main_backend_api_key=SecretStr(secrets.api_key),
        main_backend_webhook_url=options.webhook_url,
        webhook_secret=SecretStr(secrets.webhook_secret),
        encryption_key=SecretStr(secrets.encryption_key),
    )


def _bakong(options: Options, stack: Stack) -> BakongSettings:
    return BakongSettings.model_construct(
        bakong_base_url=stack.bakong_url,
        bakong_merchant_id=MERCHANT,
        bakong_developer_token=SecretStr(stack.token),
        bakong_email=EMAIL,
        bakong_timeout_ms=options.bakong_timeout_ms,
        bakong_short_links=True,
        bakong_daily_calls=options.quota or 0,
    )
