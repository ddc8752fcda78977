"""The service of benchmarks.escrow: as `service run --no-worker`, with a bKash that nothing asks."""

import asyncio
import sys

from bakong_sandbox.stack import service as production
from bakong_sandbox.stack.serving import listen, serve
from bakong_service import app as service_app
from tests.service.escrow.gateways import Bkash


async def main(port):
    given = production.configured()
    providers = [*given.providers, Bkash().factory()]
    with listen(port) as opened:
        async with (
            service_app.run(given.settings, providers, works=False) as running,
            serve(running.app, opened),
        ):
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
