"""Runs one client inside private mount and network namespaces, where the providers' host names are the sandbox's.

Started by `unshare -m -n`. Nothing but loopback exists here, so no client can reach anything else.
Arguments: the data folder, then the client's command. Prints what the client prints.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from bakong_sandbox.stack.schemes import SCHEMES

HOSTS = [host for scheme in SCHEMES for host in scheme.hosts]


def main(folder: Path, command: list[str]) -> int:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    hosts = folder / "hosts"
    hosts.write_text("127.0.0.1 localhost\n" + "".join(f"127.0.0.1 {host}\n" for host in HOSTS))
    subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)
    up = [Path(sys.executable).with_name("bakong-sandbox"), "up", "--json", "--no-service", "--tls-port", "443"]
    with subprocess.Popen([*up, "--data-dir", folder / "data"], stdout=subprocess.PIPE) as sandbox:
        ready = json.loads(sandbox.stdout.readline())
        trust = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), ready["ca_file"])
        env = {**os.environ, **trust, "BAKONG_TOKEN": ready["token"], "BAKONG_SANDBOX_URL": ready["bakong_url"]}
        for proxy in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            env.pop(proxy, None)
        code = subprocess.run(command, env=env, check=False, timeout=120).returncode
        sandbox.send_signal(signal.SIGINT)
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
