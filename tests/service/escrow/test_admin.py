"""What an operator reads of payments whose money is held: their double entry and refunds, and nobody's name."""

from collections import Counter

from bakong_service.api.examples_admin import ADMIN_EXAMPLES
from bakong_service.api.shapes_admin import escrow_line_shown, escrow_story_shown
from bakong_service.usecases.overview import escrow_story
from tests.service.test_documents import shape


async def test_a_payment_that_is_held_is_read_with_its_double_entry_and_its_refunds(care):
    made = await care.made(number=2)
    line = escrow_line_shown(await care.core.store.read(lambda records: records.escrow_line(made["id"])))
    assert shape(line) == shape(ADMIN_EXAMPLES["admin_escrow_payments"][0])
    paid = await care.paid()
    assert (await care.refund(paid, 100)).is_success
    newest, older = await care.core.store.read(lambda records: records.escrow_page(None, 3))
    assert [newest.id, older.id] == [paid["id"], made["id"]]
    shown = escrow_story_shown(await escrow_story(care.core.store, paid["id"]))
    assert (shown["amount"], shown["captured"], shown["status"]) == ("15000.00", "15000.00", "COMPLETED")
    assert [row["amount"] for row in shown["refunds"]] == ["100.00"]
    sums = Counter()
    for row in shown["postings"]:
        sums[row["number"]] += float(row["amount"])
    assert sums
    assert set(sums.values()) == {0}
    assert not {"Ayesha", "Rina", "Shurjo"} & set(str(shown).replace("'", " ").split())
