"""`bakong-sandbox exec`: programs of several languages meet the sandbox at the real hosts, with no change in them."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bakong_sandbox.cli.redirect import HOSTS
from bakong_sandbox.devkit.connect_proxy import Targets, address_of, proxying
from bakong_sandbox.devkit.leading import environment, private_hosts
from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_sandbox.stack.serving import listen, url_of
from bakong_sandbox.stack.tls import authority

NBC = "https://api-bakong.nbc.gov.kh/v1/check_transaction_by_md5"
PYTHON = f"""
import http.client, json, os, sys, urllib.request as r
request = r.Request({NBC!r}, b'{{"md5": "a"}}', {{"content-type": "application/json"}})
try: print(r.urlopen(request).read().decode())
except r.HTTPError as error: print(error.read().decode())
"""
HTTP_CLIENT = """
import http.client
connection = http.client.HTTPSConnection("api.stripe.com")
connection.request("GET", "/v1/charges")
print(connection.getresponse().read().decode())
"""
NODE = f"""
const https = require("https");
fetch({NBC!r}, {{method: "POST", body: '{{"md5": "a"}}'}}).then((answer) => answer.text()).then((text) => {{
  console.log(text);
  https.get("https://api.stripe.com/v1/charges", (answer) => answer.on("data", (data) => console.log(String(data))));
}});
"""
PHP = f"""<?php
$context = stream_context_get_default(["http" => ["method" => "POST", "content" => "{{}}", "ignore_errors" => true]]);
echo file_get_contents("{NBC}");
"""
RUBY = f"""
require "net/http"
puts Net::HTTP.post(URI("{NBC}"), '{{"md5": "a"}}').body
"""
JAVA = f"""
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

class Shop {{
    public static void main(String[] arguments) throws Exception {{
        var body = HttpRequest.BodyPublishers.ofString("{{}}");
        var request = HttpRequest.newBuilder(URI.create("{NBC}")).POST(body).build();
        System.out.println(HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body());
    }}
}}
"""
GO = f"""package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
)

func main() {{
	answer, err := http.Post("{NBC}", "application/json", strings.NewReader("{{}}"))
	if err != nil {{
		panic(err)
	}}
	body, _ := io.ReadAll(answer.Body)
	fmt.Println(string(body))
}}
"""
SOURCES = {"shop.php": PHP, "Shop.java": JAVA, "shop.go": GO}
PROGRAMS = {
    "python": [sys.executable, "-c", PYTHON],
    "node": ["node", "-e", NODE],
    "php": ["php", "shop.php"],  # what is before a script is not before -r
    "ruby": ["ruby", "-e", RUBY],
    "curl": ["curl", "-s", NBC, "-d", "{}"],
}
COMPILED = {"java": ["java", "Shop.java"], "go": ["go", "run", "shop.go"]}


@pytest.fixture
async def sandbox(tmp_path):
    async with run(Options(data_dir=tmp_path / "data", port=0, service_port=None)) as running:
        yield running


@pytest.fixture
def execute(sandbox, tmp_path):
    for name, source in SOURCES.items():
        (tmp_path / name).write_text(source)

    async def execute(*words, **variables):
        program = Path(sys.executable).with_name("bakong-sandbox")
        settings = {"BAKONG_SANDBOX_URL": sandbox.bakong_url, "BAKONG_SANDBOX_DATA_DIR": str(sandbox.data_dir)}
        process = await asyncio.create_subprocess_exec(
            program, "exec", *words, cwd=tmp_path, env={**os.environ, **settings, **variables}, stdout=-1, stderr=-1
        )
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()

    return execute


@pytest.mark.parametrize("name", PROGRAMS)
async def test_by_variables_a_program_meets_the_sandbox(name, execute, require):
    require(PROGRAMS[name][0])
    code, out, err = await execute("--how", "environment", "--", *PROGRAMS[name])
    assert (code, '"responseCode":1' in out) == (0, True), out + err
    assert name != "node" or "invalid_request_error" in out


@pytest.mark.campaign
@pytest.mark.parametrize("name", COMPILED)
async def test_by_variables_a_compiled_program_meets_the_sandbox(name, execute, require):
    require(COMPILED[name][0])
    code, out, err = await execute("--how", "environment", "--", *COMPILED[name])
    assert (code, '"responseCode":1' in out) == (0, True), out + err


async def test_by_name_every_program_meets_the_sandbox_without_a_proxy_setting(execute, require):
    if lacks := private_hosts.lacking():
        pytest.skip(lacks)
    for name in PROGRAMS:
        require(PROGRAMS[name][0])
    shop = "; ".join(f"{' '.join(map(quoted, words))}; echo" for words in PROGRAMS.values())
    code, out, err = await execute("--", "sh", "-c", f"{shop}; {quoted(sys.executable)} -c {quoted(HTTP_CLIENT)}")
    assert (code, out.count('"responseCode":1')) == (0, len(PROGRAMS)), out + err
    assert out.count("invalid_request_error") == 2


def quoted(word):
    return "'" + word.replace("'", "'\\''") + "'"


async def test_the_exit_code_is_the_programs_and_nothing_is_left_behind(execute, tmp_path):
    code, out, _ = await execute("--how", "environment", "--", "sh", "-c", "test -s $SSL_CERT_FILE; echo $?; exit 7")
    assert (code, out) == (7, "0\n")
    code, out, _ = await execute("--how", "environment", "--", "sh", "-c", "echo $SSL_CERT_FILE")
    assert not os.path.exists(out.strip())  # noqa: PTH110, ASYNC240  it is over
    code, _, err = await execute("--how", "environment", "--", "no-such-program")
    assert (code, err.count("\n")) == (127, 1)
    code, _, err = await execute("--how", "maybe", "--", "true")
    assert (code, "expected one of" in err) == (2, True)
    code, _, err = await execute("--", "true", BAKONG_SANDBOX_URL="http://127.0.0.1:9")
    assert (code, "no sandbox answers" in err) == (2, True)


def test_the_sandboxs_authority_joins_those_of_the_system(tmp_path):
    ours = authority(tmp_path).ca_file
    joined = environment.joined_authorities(ours, tmp_path).read_text()
    assert joined.count("BEGIN CERTIFICATE") > 50
    assert ours.read_text() in joined


async def test_other_hosts_are_passed_on(sandbox):
    async def elsewhere(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 elsewhere\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(elsewhere, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with listen(0) as opened:
        async with server, proxying(opened, Targets(HOSTS, address_of(sandbox.bakong_url), passes_others=True)):
            for head in (
                f"GET http://127.0.0.1:{port}/ HTTP/1.1\r\n\r\n",
                f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n",
            ):
                reader, writer = await asyncio.open_connection(*address_of(url_of(opened)))
                writer.write(head.encode())
                if head.startswith("CONNECT"):
                    assert b"200" in await reader.readuntil(b"\r\n\r\n")
                    writer.write(b"GET / HTTP/1.1\r\n\r\n")
                assert await reader.read() == b"HTTP/1.1 204 elsewhere\r\n\r\n"
                writer.close()


async def test_java_gets_a_store_with_its_own_authorities_too(tmp_path, require):
    require("keytool")
    made = environment.java("java", tmp_path, authority(tmp_path).ca_file, "http://127.0.0.1:9")
    assert "-Dhttps.proxyPort=9" in made["JAVA_TOOL_OPTIONS"]
    assert (tmp_path / "trust.p12").stat().st_size > 10_000
    assert environment.java("python", tmp_path, tmp_path) == {}
