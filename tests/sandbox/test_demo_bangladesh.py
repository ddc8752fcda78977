"""The demo of Bangladesh tells its story with every ledger entry, and fails when a step of it fails."""

import io

from rich.console import Console

from bakong_sandbox.cli.demo_bangladesh import Ending, tell


async def told(**how):
    out = io.StringIO()
    return await tell(Console(file=out, width=160), **how), out.getvalue()


async def test_the_demo_tells_its_story_and_both_books_agree():
    code, text = await told()
    assert code == 0, text
    assert text.count("debits - credits = 0.00") == 4  # captured, refund opened, refund settled, released
    for line in ("sum of all accounts           0.00", "our books   12000.00", "bKash's books 12000.00"):
        assert line in text, text
    for account, credit in (
        ("platform_fee", "600.00"),
        ("agency_payable", "10800.00"),
        ("caregiver_payable", "600.00"),
    ):
        assert any(account in line and credit in line for line in text.splitlines()), text
    assert '"differences":[]' in text
    assert "All of it happened." in text
    assert "base64" not in text


async def test_the_demo_fails_when_a_step_does_not_happen():
    code, text = await told(ending=Ending(escrow="REFUNDED"))
    assert code == 1
    assert "It did not happen: the payment is ('COMPLETED', 'RELEASED')" in text
