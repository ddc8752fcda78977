"""The core over its ports, by the settings: what the API, the worker and the commands share."""

from collections.abc import Mapping

from bakong_service import wiring
from bakong_service.adapters.audit_archive import AuditArchive
from bakong_service.adapters.system import SystemIds, SystemTimers, wait_at_most
from bakong_service.adapters.webhook_http import HttpPost
from bakong_service.domain.plans import Prices
from bakong_service.domain.retention import Retention
from bakong_service.ports import Provider, Store, Timers
from bakong_service.settings import Settings
from bakong_service.usecases.core import Core

FRESH_MS = 2_000  # in production; in the sandbox Bakong is asked whenever a caller asks
LOOK_MS = 15_000


def build_core(
    settings: Settings, store: Store, timers: Timers, providers: Mapping[str, Provider], post: HttpPost
) -> Core:
    """The core over its ports, by the settings. Nothing runs yet."""
    return Core(
        store=store,
        timers=timers,
        ids=SystemIds(),
        providers=providers,
        post=post,
        patience=wait_at_most,
        prices=Prices(
            int(settings.premium_price * 100), int(settings.family_premium_price * 100), settings.khr_per_usd
        ),
        webhook_secrets=settings.webhook_secrets,
        webhook_url=settings.main_backend_webhook_url or None,
        fresh_ms=0 if settings.mode == "sandbox" else FRESH_MS,
        look_ms=LOOK_MS if isinstance(timers, SystemTimers) else None,
        grace_ms=settings.grace_ms,
        shop=settings.shop,
        escrow=settings.escrow,
        private_callbacks=settings.private_callbacks,
        retention=Retention.of_days(
            webhooks=settings.retention_webhook_days,
            codes=settings.retention_unpaid_days,
            audit=settings.retention_audit_days,
        ),
        archive=AuditArchive(settings.audit_dir),
        audit_seal=wiring.audit_seals(settings)[0],
    )
