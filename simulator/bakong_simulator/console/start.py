"""The start page: where the sandbox answers, with which token, a first call in six languages, and that it came."""

import json
from typing import Any

from bakong_simulator.console.page import Page
from bakong_simulator.control.scheme_control import control_of
from bakong_simulator.kernel.worlds import DEFAULT

MD5 = "0" * 32  # of no code: the first answer says that there is no such transaction
PATH = "check_transaction_by_md5"


async def values(page: Page) -> dict[str, Any]:
    """Address, token, snippets; and the last call, once there is one."""
    world = page.world
    url = page.base_url if world.name == DEFAULT else f"{page.base_url}/w/{world.name}"
    token = page.facts.token if world.name == DEFAULT else ""
    newest = world.journal.newest(1)
    return {
        "first": newest[0] if newest else None,
        "url": url,
        "token": token,
        "can_issue": bool(control_of(world.scheme()).credentials.model_fields),
        "snippets": snippets(f"{url}/v1/{PATH}", token or "TOKEN"),
        "scheme_urls": [
            (scheme.name, f"{url}{scheme.prefix}" if scheme.prefix else url) for scheme in world.schemes.values()
        ],
    }


def snippets(url: str, token: str) -> list[tuple[str, str]]:
    """A first call, as it stands, by the name of the language."""
    body = json.dumps({"md5": MD5})
    quoted = {"url": url, "token": token, "body": body, "escaped": body.replace('"', '\\"')}
    return [(name, text.format(**quoted)) for name, text in TEXTS.items()]


TEXTS = {
    "curl": """\
curl -s {url} \\
  -H 'Authorization: Bearer {token}' \\
  -H 'Content-Type: application/json' \\
  -d '{body}'
""",
    "Python": """\
import urllib.request

request = urllib.request.Request(
    "{url}",
    data=b'{body}',
    headers={{
        "Authorization": "Bearer {token}",
        "Content-Type": "application/json",
    }},
)
print(urllib.request.urlopen(request).read().decode())
""",
    "Node": """\
const answer = await fetch("{url}", {{
  method: "POST",
  headers: {{
    Authorization: "Bearer {token}",
    "Content-Type": "application/json",
  }},
  body: '{body}',
}});
console.log(await answer.json());
""",
    "PHP": """\
<?php
echo file_get_contents('{url}', false, stream_context_create(['http' => [
    'method' => 'POST',
    'header' => [
        'Authorization: Bearer {token}',
        'Content-Type: application/json',
    ],
    'content' => '{body}',
    'ignore_errors' => true,
]]));
""",
    "Go": """\
package main

import (
	"io"
	"net/http"
	"os"
	"strings"
)

func main() {{
	request, _ := http.NewRequest("POST", "{url}", strings.NewReader(`{body}`))
	request.Header.Set("Authorization", "Bearer {token}")
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {{
		panic(err)
	}}
	defer answer.Body.Close()
	io.Copy(os.Stdout, answer.Body)
}}
""",
    "Java": """\
import java.net.URI;
import java.net.http.*;

public class FirstCall {{
    public static void main(String[] arguments) throws Exception {{
        var request = HttpRequest.newBuilder(URI.create("{url}"))
            .header("Authorization", "Bearer {token}")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString("{escaped}"))
            .build();
        var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(answer.body());
    }}
}}
""",
}
