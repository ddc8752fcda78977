"""`trust`: what to set so that unmodified clients trust the sandbox's authority and find it at NBC's host names."""

from pathlib import Path
from typing import Annotated

import httpx
import typer

from bakong_contracts.escaping import terminal_line
from bakong_sandbox.cli.control import headers_of
from bakong_sandbox.cli.program import complain
from bakong_sandbox.cli.simulator import AT, Url
from bakong_sandbox.stack.datadir import open_folder
from bakong_sandbox.stack.errors import SetupError
from bakong_sandbox.stack.running import DATA_DIR_ENVVAR
from bakong_sandbox.stack.tls import HOSTS, authority, has_authority, hosts_of, read_names

PATIENCE_S = 5  # with a sandbox that may be none

commands = typer.Typer()


@commands.command()
def trust(
    data_dir: Annotated[
        Path | None,
        typer.Option(
            envvar=DATA_DIR_ENVVAR,
            help="The folder of `up`. Left out: data, else that of the sandbox at --url.",
        ),
    ] = None,
    address: Annotated[str, typer.Option(help="Where the sandbox answers, for the hosts file.")] = "127.0.0.1",
    tls_name: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            envvar="BAKONG_SANDBOX_TLS_NAMES",
            help="As of `up`; left out, the folder's authority stays what it is.",
        ),
    ] = None,
    url: Url = AT,
) -> None:
    """Print what to set for Python, Node, PHP, Java, Go, curl, Docker and hosts files."""
    names = read_names(tls_name) if tls_name else None
    folder = _folder(data_dir, url)
    is_new = not has_authority(folder)
    ca_file = authority(open_folder(folder), names).ca_file
    if is_new:
        complain(f"a new authority was made: {ca_file}")
    print(instructions(ca_file, address=address), end="")


def _folder(given: Path | None, url: str) -> Path:
    """Whose authority is meant: never a second one where a sandbox runs that has, or would make, its own."""
    folder = given or Path("data")
    if has_authority(folder):
        return folder
    running = _running_folder(url)
    if running is None or running == folder.resolve():
        return folder
    if given is not None:
        complain(f"note: {given} gets an authority of its own; the sandbox at {url} shows the one of {running}")
        return folder
    if not running.is_dir():
        raise SetupError(f"the sandbox at {url} keeps its authority in {running}, which is not on this machine")
    complain(f"no authority is in 'data' here; this is that of the sandbox at {url}, in {running}")
    return running


def _running_folder(url: str) -> Path | None:
    """The folder of the sandbox that answers; None where none does, or it does not tell."""
    try:
        answer = httpx.get(
            f"{url.rstrip('/')}/sandbox/about",
            headers=headers_of(),
            trust_env=False,
            verify=False,  # noqa: S501  it may show an authority that nobody trusts yet
            timeout=PATIENCE_S,
        )
        told = answer.json().get("data_dir") if answer.status_code == 200 else None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, AttributeError):
        return None
    return Path(told) if isinstance(told, str) else None


def instructions(ca_file: Path, *, address: str = "127.0.0.1") -> str:
    """For each language and tool, the setting that lets its unmodified clients meet the sandbox."""
    hosts = hosts_of(ca_file)
    return _TEXT.format(
        ca=terminal_line(ca_file),
        folder=ca_file.parent,
        name=ca_file.name,
        address=address,
        hosts="\n".join(f"{address}  {host}" for host in hosts),
        no_proxy=",".join(hosts),
        java="|".join(hosts),
    )


_TEXT = """\
The sandbox's authority: {ca}
Trust it on test machines alone: who holds its key can pretend to be anyone to those who trust it.

1. Let NBC's names lead to the sandbox, which has to answer on port 443 for clients that name no port:
     bakong-sandbox up --tls-port 443        (needs the right to take ports below 1024)
     bakong-sandbox up --tls-port 8643       (for clients that can be given a port)
   hosts file (/etc/hosts; C:\\Windows\\System32\\drivers\\etc\\hosts):
{hosts}
   For one program alone, as root on Linux:
     unshare -m sh -c 'mount --bind my-hosts /etc/hosts; exec my-program'

2. Let the program trust the authority. SSL_CERT_FILE and REQUESTS_CA_BUNDLE replace the public ones, which the
   program may need for other hosts; `bakong-sandbox exec -- PROGRAM` joins them:
   Python    SSL_CERT_FILE={ca}         (http.client, urllib, httpx, aiohttp)
             REQUESTS_CA_BUNDLE={ca}    (requests)
   Node      NODE_EXTRA_CA_CERTS={ca}
   PHP       php -d openssl.cafile={ca} -d curl.cainfo={ca}
   Java      keytool -importcert -noprompt -alias bakong-sandbox -file {ca} \\
               -keystore sandbox.p12 -storetype PKCS12 -storepass sandbox
             java -Djavax.net.ssl.trustStore=sandbox.p12 -Djavax.net.ssl.trustStorePassword=sandbox ...
   Go        SSL_CERT_FILE={ca}         (Linux; elsewhere the system's store)
   Rust      SSL_CERT_FILE={ca}         (native-tls, rustls-native-certs)
   Ruby      SSL_CERT_FILE={ca}         (net/http)
   curl      curl --cacert {ca} --resolve {host}:443:{address} https://{host}/v1/...
   Debian    cp {ca} /usr/local/share/ca-certificates/bakong-sandbox.crt && update-ca-certificates

3. Where a proxy is set, keep NBC's names from it (else the calls and their tokens go there):
   NO_PROXY={no_proxy} no_proxy={no_proxy}
   Java      -Dhttp.nonProxyHosts='{java}'

4. Docker: the sandbox as a network alias, the authority as a volume
     services:
       bakong:
         command: up --host 0.0.0.0 --tls-port 443 --data-dir /data
         volumes: ["sandbox:/data"]
         networks: {{default: {{aliases: [{aliases}]}}}}
       yours:
         environment: {{SSL_CERT_FILE: /sandbox/{name}, NODE_EXTRA_CA_CERTS: /sandbox/{name}}}
         volumes: ["sandbox:/sandbox:ro"]
     volumes: {{sandbox: {{}}}}
""".replace("{host}", HOSTS[0]).replace("{aliases}", ", ".join(HOSTS[:2]))
