"""`trust`: what to set so that unmodified clients trust the sandbox's authority and find it at NBC's host names."""

from pathlib import Path
from typing import Annotated

import typer

from bakong_contracts.escaping import terminal_line
from bakong_sandbox.stack.datadir import open_folder
from bakong_sandbox.stack.tls import HOSTS, authority, hosts_of, read_names

commands = typer.Typer()


@commands.command()
def trust(
    data_dir: Annotated[Path, typer.Option(help="The folder of `up`; the authority is made there if need be.")] = Path(
        "data"
    ),
    address: Annotated[str, typer.Option(help="Where the sandbox answers, for the hosts file.")] = "127.0.0.1",
    tls_name: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            envvar="BAKONG_SANDBOX_TLS_NAMES",
            help="As of `up`; left out, the folder's authority stays what it is.",
        ),
    ] = None,
) -> None:
    """Print what to set for Python, Node, PHP, Java, Go, curl, Docker and hosts files."""
    names = read_names(tls_name) if tls_name else None
    print(instructions(authority(open_folder(data_dir), names).ca_file, address=address), end="")


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

2. Let the program trust the authority:
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
