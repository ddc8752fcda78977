"""The variables by which runtimes take a proxy and authorities, and the files that they name.

Authorities are joined: the system's own, those that the user has set, and the sandbox's.
"""

import os
import shutil
import ssl
import subprocess
from collections.abc import Mapping
from pathlib import Path

import certifi

# What replaces a runtime's authorities is given the joined file: Python, Go, Ruby and Rust; requests; curl; Deno.
BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "DENO_CERT", "GIT_SSL_CAINFO")
PROXIES = ("http_proxy", "https_proxy", "HTTPS_PROXY")
NODE_HOOK = Path(__file__).with_name("node_hook.cjs")
JAVA = {"java", "mvn", "mvnw", "gradle", "gradlew", "sbt", "kotlin", "scala"}


def joined_authorities(ca_file: Path, folder: Path) -> Path:
    """A PEM file of the system's authorities, those of the user's SSL_CERT_FILE, and the sandbox's."""
    system = ssl.get_default_verify_paths()
    named = (
        os.environ.get("SSL_CERT_FILE"),
        system.openssl_cafile,
        "/etc/ssl/certs/ca-certificates.crt",
        system.cafile,
    )
    files = [Path(name) for name in dict.fromkeys(named) if name and Path(name).is_file()][:2]
    joined = folder / "authorities.pem"
    parts = [
        *(file.read_text(encoding="utf-8") for file in files),
        *([] if files else [Path(certifi.where()).read_text(encoding="utf-8")]),
    ]
    joined.write_text("\n".join([*parts, ca_file.read_text(encoding="utf-8")]), encoding="utf-8")
    return joined


def trusting(ca_file: Path, bundle: Path) -> dict[str, str]:
    """What lets runtimes with authorities of their own trust the sandbox's too."""
    return dict.fromkeys(BUNDLES, str(bundle)) | {"NODE_EXTRA_CA_CERTS": str(ca_file)}


def leading(proxy_url: str, tls_address: tuple[str, int], hosts: tuple[str, ...]) -> dict[str, str]:
    """What leads the hosts' calls to the sandbox, where the runtime has a proxy setting, or a hook."""
    local = [os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or "", "127.0.0.1", "localhost", "::1"]
    no_proxy = ",".join(dict.fromkeys(name for name in local if name))
    options = f"{os.environ.get('NODE_OPTIONS', '')} --require={NODE_HOOK}".strip()
    return {
        **dict.fromkeys(PROXIES, proxy_url),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), no_proxy),
        "NODE_OPTIONS": options,
        "BAKONG_SANDBOX_LED": f"{tls_address[0]}:{tls_address[1]} {' '.join(hosts)}",
    }


def php(folder: Path, bundle: Path, proxy_url: str = "") -> dict[str, str]:
    """A folder of settings that PHP reads after its own: authorities, and the proxy of streams that name no other."""
    settings = folder / "php"
    settings.mkdir()
    lines = [f"openssl.cafile={bundle}", f"curl.cainfo={bundle}"]
    if proxy_url:
        before = settings / "proxy.php"
        options = f"['proxy' => 'tcp{proxy_url.removeprefix('http')}', 'request_fulluri' => true]"
        before.write_text(f"<?php stream_context_set_default(['http' => {options}]);\n", encoding="utf-8")
        lines.append(f"auto_prepend_file={before}")
    (settings / "bakong-sandbox.ini").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {"PHP_INI_SCAN_DIR": f"{os.environ.get('PHP_INI_SCAN_DIR', '')}:{settings}"}


def java(command: str, folder: Path, ca_file: Path, proxy_url: str = "") -> dict[str, str]:
    """A trust store with Java's own authorities and the sandbox's, for commands that start Java. Else nothing."""
    keytool = shutil.which("keytool")
    if Path(command).name not in JAVA or keytool is None:
        return {}
    store = folder / "trust.p12"
    home = Path(os.environ.get("JAVA_HOME") or Path(keytool).resolve().parents[1])
    original = home / "lib" / "security" / "cacerts"
    if original.is_file():
        shutil.copyfile(original, store)
    _import = ["-importcert", "-noprompt", "-alias", "bakong-sandbox", "-file", str(ca_file), "-keystore", str(store)]
    subprocess.run([keytool, *_import, "-storepass", "changeit"], capture_output=True, check=False)  # noqa: S603
    options = [f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStorePassword=changeit"]
    if proxy_url:
        host, _, port = proxy_url.removeprefix("http://").partition(":")
        for scheme in ("http", "https"):
            options += [f"-D{scheme}.proxyHost={host}", f"-D{scheme}.proxyPort={port}"]
    return {"JAVA_TOOL_OPTIONS": " ".join([os.environ.get("JAVA_TOOL_OPTIONS", ""), *options]).strip()}


def without_proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of a program whose hosts are led by name: a proxy of the user's must not get those calls."""
    hidden = {*(name.lower() for name in PROXIES), "all_proxy"}
    return {name: text for name, text in environment.items() if name.lower() not in hidden}
