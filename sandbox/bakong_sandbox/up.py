"""`bakong-sandbox up`: a sandbox until Ctrl-C. Prints; the stack does the work."""

import asyncio
import gc
import json
import signal

from rich.console import Console

from bakong_sandbox.stack import Options, Stack, run


async def up(options: Options, *, as_json: bool) -> None:
    """Run a sandbox until SIGINT or SIGTERM. Raises SetupError."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with run(options) as stack:
        if as_json:
            print(json.dumps(stack.ready()), flush=True)
        else:
            _banner(stack)
        gc.collect()
        gc.freeze()  # what was loaded stays: the collector need not walk it again
        await stop.wait()
    if not as_json:
        print("Stopped. Data is kept in", stack.data_dir)


def _banner(stack: Stack) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print("[bold]The sandbox is up.[/] Ctrl-C ends it.\n")
    console.print(f"  Bakong    [cyan]{stack.bakong_url}/v1[/]   control: [cyan]{stack.bakong_url}/sandbox/docs[/]")
    if stack.tls_url:
        console.print(f"  TLS       [cyan]{stack.tls_url}[/]     authority: {stack.ca_file} (see bakong-sandbox trust)")
    if stack.service_url:
        console.print(f"  Service   [cyan]{stack.service_url}[/]      API: [cyan]{stack.service_url}/docs[/]")
    scenario = stack.worlds.default.scenario
    console.print(f"  Scenario  {scenario.name}: {scenario.about}")
    quota = stack.worlds.default.limits.quota
    limit = "off (--quota 100 is the real one's)" if quota is None else f"{quota} calls a day for each token"
    console.print(f"  Quota     {limit}")
    console.print(f"  Data      {stack.data_dir}")
    console.print(f"  Token     {stack.token}")
    if not stack.service_url:
        return
    console.print(f"  API key   {stack.api_key}\n\nTry:")
    body = '{"userId": "sokha", "planType": "PREMIUM", "amount": 0.50, "currency": "USD"}'
    print(
        f"  curl -s {stack.service_url}/api/payments/create \\\n"
        f"    -H 'Authorization: Bearer {stack.api_key}' -H 'Content-Type: application/json' \\\n"
        f"    -d '{body}'\n"
        f"then pay its qrCode:\n"
        f"  curl -s {stack.bakong_url}/sandbox/worlds/default/payments "
        "-H 'Content-Type: application/json' -d '{\"qr\": \"<qrCode>\"}'",
        flush=True,
    )
