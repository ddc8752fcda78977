"""The fake bKash's query against plain FastAPI on the same uvicorn, in interleaved rounds of one run.

    PYTHONPATH=. python -P benchmarks/bkash.py [rounds=4] [seconds=3]

Server on CPU 0, wrk on CPU 1, 32 connections, as in benchmarks/simulator.py. The question is POST payment/status with a
token and an app key, half of the payments found; token check, journal and scenario look-up are on.
"""

import json
import sys
import tempfile
import urllib.request
from pathlib import Path

from bakong_sandbox.stack.serving import free_port
from benchmarks.simulator import HERE, Server, load_path, report, started

ROOT = "/bkash/v1.2.0-beta/tokenized/checkout"
PATH = f"{ROOT}/payment/status"
LUA = """
wrk.method = "POST"
wrk.headers["Authorization"] = "{token}"
wrk.headers["X-APP-Key"] = "{key}"
wrk.headers["Content-Type"] = "application/json"
local found = {{ {found} }}
local n = 0
request = function()
  n = n + 1
  if n % 2 == 0 then
    return wrk.format(nil, nil, nil, '{{"paymentID":"' .. found[(n / 2) % #found + 1] .. '"}}')
  end
  return wrk.format(nil, nil, nil, string.format('{{"paymentID":"TR0011strangr%013d"}}', n % 997))
end
"""


def post(url, body, headers):
    headers = {"content-type": "application/json", **headers}
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)) as answer:
        return json.load(answer)


def shop(base):
    """The token, the app key, and the ids of 64 payments that were executed."""
    with urllib.request.urlopen(f"{base}/sandbox/worlds/default/bkash") as answer:
        facts = json.load(answer)
    credentials = {"app_key": facts["appKey"], "app_secret": facts["appSecret"]}
    names = {"username": facts["username"], "password": facts["password"]}
    token = post(f"{base}{ROOT}/token/grant", credentials, names)["id_token"]
    headers = {"authorization": token, "x-app-key": facts["appKey"]}
    ids = []
    for number in range(64):
        body = {"mode": "0011", "payerReference": "1", "callbackURL": "https://shop.test/back", "amount": "100.00"}
        more = {"currency": "BDT", "intent": "sale", "merchantInvoiceNumber": f"B-{number}"}
        id_ = post(f"{base}{ROOT}/create", body | more, headers)["paymentID"]
        post(f"{base}/sandbox/worlds/default/bkash/payments/{id_}/approve", {}, {})
        post(f"{base}{ROOT}/execute", {"paymentID": id_}, headers)
        ids.append(id_)
    return token, facts["appKey"], ids


def main():
    options = dict(argument.split("=") for argument in sys.argv[1:])
    rounds, seconds = int(options.get("rounds", "4")), int(options.get("seconds", "3"))
    with tempfile.TemporaryDirectory() as folder:
        server, ready, _ = started(folder)
        base = ready["bakong_url"]
        token, key, ids = shop(base)
        script = Path(folder) / "bkash.lua"
        script.write_text(LUA.format(token=token, key=key, found=",".join(f'"{id_}"' for id_ in ids)), encoding="utf-8")
        port = free_port()
        peer = Server(sys.executable, HERE / "bkash_reference.py", port, token, key, *ids)
        peer.wait(f"http://127.0.0.1:{port}")
        pairs = [(server, base), (peer, f"http://127.0.0.1:{port}")]
        for one, url in pairs:
            load_path(one, url + PATH, str(script), 1)
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(load_path(server, base + PATH, str(script), seconds))
            theirs.append(load_path(peer, pairs[1][1] + PATH, str(script), seconds))
        peer.end()
        server.end()
    for at, name in enumerate(("requests per CPU-second", "requests a second", "p99 in ms")):
        report(name, [a[at] / b[at] for a, b in zip(ours, theirs, strict=True)], ours, theirs, at)


if __name__ == "__main__":
    main()
