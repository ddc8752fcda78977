"""`up --scheme-file` and `up --experimental`: further schemes in a sandbox, and what is wrong with a file."""

import httpx
import pytest

from bakong_sandbox.stack.chosen_schemes import EXPERIMENTAL, chosen
from bakong_sandbox.stack.errors import SetupError
from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_sandbox.stack.schemes import SCHEMES
from tests.schemes.test_described import TEXT, TINY

NAMES = [scheme.name for scheme in SCHEMES]


def file_of(folder, text, name="bank.yaml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


async def test_a_file_of_ones_own_is_a_scheme_like_any_other(tmp_path):
    path = file_of(tmp_path, TINY)
    options = Options(data_dir=tmp_path / "data", port=0, service_port=None, scheme_files=(path,))
    async with run(options) as stack, httpx.AsyncClient(base_url=stack.bakong_url, trust_env=False) as client:
        shown = (await client.get("/sandbox/worlds/default/tiny/credentials")).json()
        assert shown["base_path"] == "/tiny"
        headers = {"x-api-key": shown["credentials"]["key"]}
        made = (await client.post("/tiny/make", data={"yen": "700"}, headers=headers)).json()
        body = {"scheme": "tiny", "reference": made["id"]}
        assert (await client.post("/sandbox/worlds/default/payments", json=body)).status_code == 200
        shown = await client.get("/tiny/show", params={"id": made["id"]}, headers=headers)
        assert shown.json() == {"id": made["id"], "state": "done", "yen": 700}
        assert "x-sandbox-experimental" not in shown.headers
        assert (await client.get("/tiny/show", params={"id": made["id"]})).status_code == 403


def test_the_sketches_are_there_where_they_are_asked_for_and_nowhere_else(tmp_path):
    assert [scheme.name for scheme in chosen()] == NAMES
    assert [scheme.name for scheme in chosen(experimental=True)] == [*NAMES, *EXPERIMENTAL]
    assert len(chosen(experimental=True, files=[file_of(tmp_path, TINY)])) == len(NAMES) + len(EXPERIMENTAL) + 1


def test_a_copy_of_the_example_that_kept_its_name_takes_its_place(tmp_path):
    schemes = chosen(files=[file_of(tmp_path, TEXT.replace("Bank of Example,", "My bank,"))])
    assert [scheme.name for scheme in schemes] == NAMES
    assert "about: My bank" in TEXT.replace("Bank of Example,", "My bank,")
    assert schemes[-1].description.about.startswith("My bank")


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ([TINY.replace("life: 1h", "life: soon").replace("status: 403", "status: no")], r"2 mistakes:\n.*:7:7: life"),
        ([TINY.replace("name: tiny", "name: bakong")], "two schemes have the name 'bakong'"),
        ([TINY.replace("prefix: /tiny", "prefix: /generic")], "two schemes have the prefix '/generic'"),
        ([TINY.replace("prefix: /tiny", "prefix: /v1")], "two schemes have the prefix '/v1'"),
        ([TINY, TINY], "two schemes have the name 'tiny'"),
    ],
)
def test_what_is_wrong_with_files_stops_the_start_with_all_mistakes(tmp_path, texts, says):
    files = [file_of(tmp_path, text, f"{number}.yaml") for number, text in enumerate(texts)]
    with pytest.raises(SetupError, match=says):
        chosen(files=files)


def test_a_file_that_is_not_there_stops_the_start(tmp_path):
    with pytest.raises(SetupError, match=r"--scheme-file: .*none\.yaml: No such file"):
        chosen(files=[tmp_path / "none.yaml"])
