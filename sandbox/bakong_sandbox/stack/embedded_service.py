"""The service within a sandbox: its settings and port, on the default world's clock. Loaded only where it is wanted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from pydantic import SecretStr

from bakong_sandbox.stack.bounded import BoundedProtocol
from bakong_sandbox.stack.connections import Connections
from bakong_sandbox.stack.datadir import Secrets, draw_admin_key, draw_jwt_secret, save_secrets
from bakong_sandbox.stack.embedded_providers import embedded
from bakong_sandbox.stack.errors import SetupError
from bakong_sandbox.stack.options import Options, Stack
from bakong_sandbox.stack.serving import listen, serve, url_of
from bakong_sandbox.stack.starting import started
from bakong_service import app as service_app
from bakong_service.database_url import sqlite_url
from bakong_service.settings import MIN_JWT_SECRET, Settings


@asynccontextmanager
async def with_service(
    options: Options, secrets: Secrets, connections: Connections, stack: Stack
) -> AsyncIterator[Stack]:
    """The stack with the service in it, on the default world's clock. Raises SetupError."""
    with listen(options.service_port or 0, options.host) as opened:
        settings = _settings(options, secrets, stack, url_of(opened))
        providers = [one.factory() for one in embedded(options, replace(stack, service_url=url_of(opened)))]
        clock = stack.worlds.default.clock
        running_service = started(service_app.run(settings, providers, timers=clock))
        async with (
            running_service as running,
            serve(running.app, opened, http=BoundedProtocol, bounds=options.service_bounds, connections=connections),
        ):
            stack.worlds.default.hanging_beside = running.worker.hanging
            yield replace(
                stack,
                service_url=url_of(opened),
                api_key=secrets.api_key,
                admin_key=secrets.admin_key,
                webhook_secret=secrets.webhook_secret,
                jwt_secret=settings.jwt_secret.get_secret_value(),
                providers=options.providers,
                core=running.core,
            )


def _settings(options: Options, secrets: Secrets, stack: Stack, public_url: str) -> Settings:
    return Settings.model_construct(
        mode="sandbox",
        database_url=options.database_url or sqlite_url(stack.data_dir / "service.db"),
        redis_url=options.redis_url,
        redis_prefix=options.redis_prefix,
        rate_limit_per_minute=options.rate_limit_per_minute,
        log_dir=stack.data_dir / "logs",
        public_url=public_url,
        payment_webhook_secret=SecretStr(secrets.webhook_secret),
        allow_private_callbacks=True,
        premium_price=options.prices[0],
        family_premium_price=options.prices[1],
        main_backend_api_key=SecretStr(secrets.api_key),
        admin_read_key=SecretStr(_kept_admin_key(secrets, stack)),
        main_backend_webhook_url=options.webhook_url,
        webhook_ca_file=options.webhook_ca,
        webhook_secret=SecretStr(secrets.webhook_secret),
        jwt_secret=SecretStr(_kept_jwt_secret(options, secrets, stack)),
        encryption_key=SecretStr(secrets.encryption_key),
    )


def _kept_admin_key(secrets: Secrets, stack: Stack) -> str:
    """The key of an earlier run, kept in the folder; else a new one."""
    if not secrets.admin_key:
        secrets.admin_key = draw_admin_key()
        save_secrets(stack.data_dir, secrets)
    return secrets.admin_key


def _kept_jwt_secret(options: Options, secrets: Secrets, stack: Stack) -> str:
    """What signs tokens, kept in the folder for `service test-token`; "": key pairs do. Raises SetupError."""
    if 0 < len(options.jwt_secret) < MIN_JWT_SECRET:
        raise SetupError(f"--jwt-secret: read {len(options.jwt_secret)} characters, expected at least {MIN_JWT_SECRET}")
    if not options.providers and not options.jwt_secret:
        return ""
    secrets.jwt_secret = options.jwt_secret or secrets.jwt_secret or draw_jwt_secret()
    save_secrets(stack.data_dir, secrets)
    return secrets.jwt_secret
