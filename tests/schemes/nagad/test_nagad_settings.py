"""Nagad's settings: all or none of them, and key mistakes in plain words."""

import json
from pathlib import Path

import pytest

from bakong_schemes.nagad import sealing
from bakong_schemes.nagad.adapter.settings import NagadSettings
from bakong_service.settings import SettingsError, load_all

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "nagad.json").read_text())
MERCHANT, NAGAD = VECTORS["merchant"], VECTORS["nagad"]
GOOD = {
    "NAGAD_MERCHANT_ID": VECTORS["merchantId"],
    "NAGAD_PRIVATE_KEY": MERCHANT["privateKeyPkcs8"],
    "NAGAD_PUBLIC_KEY": NAGAD["publicKeySpki"],
}
SERVICE = {"SERVICE_MODE": "sandbox", "MAIN_BACKEND_API_KEY": "x", "WEBHOOK_SECRET": "x", "ENCRYPTION_KEY": "x"}


@pytest.fixture
def read(monkeypatch):
    def read(**given):
        with monkeypatch.context() as environment:
            for name, value in (SERVICE | given).items():
                environment.setenv(name, value)
            return load_all([NagadSettings])[1][0]

    return read


def test_without_a_merchant_the_service_has_no_such_provider(read):
    assert read().is_configured is False
    ours = read(**GOOD)
    assert (ours.is_configured, ours.factory().name) == (True, "nagad")
    assert ours.factory().secrets == (MERCHANT["privateKeyPkcs8"],)
    assert MERCHANT["privateKeyPkcs8"][:80] not in repr(ours)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"NAGAD_PRIVATE_KEY": sealing.pem_of(MERCHANT["privateKeyPkcs8"], "PRIVATE")},
            "KEY: read PEM lines",
        ),
        ({"NAGAD_PRIVATE_KEY": MERCHANT["privateKeyPkcs1"]}, "PKCS#1"),
        ({"NAGAD_PRIVATE_KEY": MERCHANT["publicKeySpki"]}, "the two are swapped"),
        ({"NAGAD_PUBLIC_KEY": NAGAD["privateKeyPkcs8"]}, "the two are swapped"),
        ({"NAGAD_PUBLIC_KEY": MERCHANT["publicKeySpki"]}, "public half of NAGAD_PRIVATE_KEY"),
        ({"NAGAD_PUBLIC_KEY": ""}, "NAGAD_PUBLIC_KEY: missing"),
        ({"NAGAD_MERCHANT_ID": "683"}, "NAGAD_MERCHANT_ID"),
        ({"NAGAD_BASE_URL": "api.mynagad.com"}, "NAGAD_BASE_URL"),
    ],
)
def test_settings_that_cannot_work_are_named_and_no_key_is_shown(read, changes, words):
    with pytest.raises(SettingsError) as caught:
        read(**GOOD | changes)
    assert words in str(caught.value)
    assert MERCHANT["privateKeyPkcs8"][60:100] not in str(caught.value)


def test_production_wants_https_a_registered_address_and_a_way_back(read):
    weak = read(**GOOD, NAGAD_BASE_URL="http://sandbox.mynagad.com:10080/remote-payment-gateway-1.0/api/dfs")
    names = [line.split(":")[0].split(" ")[0] for line in weak.production_errors()]
    assert names == ["NAGAD_BASE_URL", "NAGAD_RETURN_URL", "NAGAD_CLIENT_IP"]
    strong = read(**GOOD, NAGAD_RETURN_URL="https://shop.example/back", NAGAD_CLIENT_IP="203.0.113.7")
    assert strong.production_errors() == []
    assert read().production_errors() == []
