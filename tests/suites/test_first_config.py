"""`verify init`: a configuration that reads, and finds of a document what there is."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from bakong_conformance.rules import CannotRunError
from bakong_conformance.service.config import Config, load
from bakong_conformance.service.first_config import first_config
from bakong_conformance.yaml_model import parse_model
from bakong_sandbox.cli import app

ROOT = Path(__file__).parents[2]
OURS = ROOT / "docs" / "examples" / "service" / "ours.yaml"
DOCUMENT = ROOT / "contracts" / "openapi" / "service.json"


def test_of_our_own_document_it_finds_the_operations_that_we_map_by_hand():
    made = parse_model(first_config(json.loads(DOCUMENT.read_text())), "made", Config)
    by_hand = load(OURS)
    for name in (
        "create",
        "status",
        "subscription",
        "upgrade",
        "downgrade",
        "cancel",
        "renew",
        "monitor",
        "bulk_check",
    ):
        found, wanted = made.operations[name], by_hand.operations[name]
        assert (found.method, found.path, found.body) == (wanted.method, wanted.path, wanted.body), name
    assert made.operations["create"].answer == by_hand.operations["create"].answer
    assert made.headers == by_hand.headers


def test_of_another_form_of_api_it_takes_names_statuses_states_and_the_header():
    payment = {
        "type": "object",
        "properties": {
            "order_id": {"type": "string"},
            "khqr": {"type": "string"},
            "state": {"enum": ["OPEN", "PAID", "DECLINED", "EXPIRED"]},
        },
    }
    document = {
        "info": {"title": "A shop"},
        "servers": [{"url": "http://shop.test"}],
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
            "schemas": {"Payment": payment},
        },
        "paths": {
            "/webhooks/payment": {"post": {}},
            "/v2/payments": {
                "post": {
                    "requestBody": {"content": {"application/json": {"schema": {"required": ["sku"], "properties": {
                        "customer": {"type": "string"}, "amount": {"type": "number"}, "sku": {"type": "string"}}}}}},
                    "responses": {"201": {"content": {"application/json": {
                        "schema": {"$ref": "#/components/schemas/Payment"}}}}},
                }
            },
            "/v2/payments/{orderId}": {"get": {"responses": {"200": {"content": {"application/json": {"schema": {
                "properties": {"data": {"anyOf": [{"$ref": "#/components/schemas/Payment"}, {"type": "null"}]}}}}}}}}},
        },
    }  # fmt: skip
    made = parse_model(first_config(document), "made", Config)
    create, status = made.operations["create"], made.operations["status"]
    assert (create.path, create.status, create.body) == (
        *("/v2/payments", [201]),
        {"customer": "{user}", "amount": "{amount}", "sku": "TODO"},
    )
    assert create.answer == {"id": "order_id", "qr": "khqr", "state": "state"}
    assert (status.path, status.answer) == ("/v2/payments/{id}", {"state": "data.state"})
    assert made.states == {"pending": ["OPEN"], "paid": ["PAID"], "failed": ["DECLINED"], "expired": ["EXPIRED"]}
    assert (made.name, made.headers, made.running.base_url) == ("A shop", {"X-Key": "{api_key}"}, "http://shop.test")


def test_without_a_document_it_is_to_be_filled_in_and_what_is_commented_out_reads_too():
    text = first_config(None)
    parse_model(text, "made", Config)
    lines = [
        line.replace("# ", "", 1) if line.startswith("  # ") and "TODO " not in line else line
        for line in text.splitlines()
    ]
    assert len(yaml.safe_load("\n".join(lines))["operations"]) == 11


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--openapi", str(DOCUMENT)], 0, "verify.yaml is written, from "),
        ([], 0, "verify.yaml is written, to fill in: no OpenAPI document was found; "),
        (["--openapi", "nowhere.json"], 2, "cannot read nowhere.json"),
        (["--openapi", str(OURS)], 2, "is no OpenAPI document: it has no paths"),
        (["--base-url", "http://127.0.0.1:9"], 2, "does not answer"),
    ],
    ids=["document", "none", "missing", "other", "silent"],
)
def test_the_command_writes_it_or_says_in_one_line_why_not(tmp_path, monkeypatch, words, code, said):
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(app, ["verify", "init", *words])
    assert (ended.exit_code, said in ended.output, ended.output.count("\n")) == (code, True, 1), ended.output
    assert Path("verify.yaml").exists() is (code == 0)
    if code == 0:
        load(Path("verify.yaml"))
        assert "is there already" in CliRunner().invoke(app, ["verify", "init", *words]).stderr


def test_a_word_that_yaml_takes_for_true_or_false_is_named_as_such(tmp_path):
    given = tmp_path / "verify.yaml"
    given.write_text(OURS.read_text().replace("id: data.transactionId", "id: no"))
    with pytest.raises(
        CannotRunError, match=r"create\.answer\.id: .* read False, .*no, on and off: put the word in quotes"
    ):
        load(given)
