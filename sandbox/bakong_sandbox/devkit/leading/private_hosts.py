"""A program in a mount namespace of its own, where the hosts file and the system's authorities are the sandbox's too.

Root on Linux alone. The network stays the machine's: databases and other hosts are reached as ever.
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ADDRESS = "127.83.83.83"  # of the loopback, where nobody else has port 443
BUNDLES = (
    Path("/etc/ssl/certs/ca-certificates.crt"),  # Debian, Alpine, Arch
    Path("/etc/pki/tls/certs/ca-bundle.crt"),  # Fedora, RHEL
    Path("/etc/ssl/ca-bundle.pem"),  # SUSE
    Path("/etc/ssl/cert.pem"),
)


def lacking() -> str:
    """Why there can be no namespace here; "" where there can."""
    if not sys.platform.startswith("linux"):
        return "it takes Linux"
    if os.geteuid() != 0:
        return "it takes root"
    for program in ("unshare", "mount"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:  # noqa: S607
        return "a mount namespace is not permitted"
    return ""


def within(command: Sequence[str], hosts: Sequence[str], bundle: Path, folder: Path) -> list[str]:
    """The command that runs a command there."""
    file = folder / "hosts"
    known = Path("/etc/hosts").read_text(encoding="utf-8") if Path("/etc/hosts").exists() else ""
    file.write_text("".join(f"{ADDRESS} {host}\n" for host in hosts) + known, encoding="utf-8")
    bound = [(file, Path("/etc/hosts"))]
    bound += [(bundle, path.resolve()) for path in dict.fromkeys(one.resolve() for one in BUNDLES if one.exists())]
    mounts = [f"mount --bind {shlex.quote(str(ours))} {shlex.quote(str(theirs))}" for ours, theirs in bound]
    return ["unshare", "--mount", "sh", "-c", " && ".join([*mounts, 'exec "$@"']), "sh", *command]
