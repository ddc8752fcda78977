"""A transaction as the Open API shows it: 13 keys, with or without where the money is."""

from typing import Any

from bakong_schemes.bakong.fake.transactions import Receipt


def untracked(receipt: Receipt) -> dict[str, Any]:
    """The 13 keys in their order, as the md5 check shows them."""
    settlement = receipt.settlement
    return {
        "hash": receipt.hash,
        "fromAccountId": settlement.from_account,
        "toAccountId": settlement.to_account,
        "currency": settlement.currency,
        "amount": receipt.amount,
        "description": settlement.description,
        "createdDateMs": receipt.created_ms,
        "acknowledgedDateMs": receipt.acknowledged_ms,
        "trackingStatus": None,
        "receiverBank": None,
        "receiverBankAccount": None,
        "instructionRef": None,
        "externalRef": receipt.external_ref,
    }


def tracked(receipt: Receipt) -> dict[str, Any]:
    """The same with where the money is, as the checks by hash and by reference show it."""
    return untracked(receipt) | {
        "trackingStatus": receipt.tracking_status,
        "receiverBank": receipt.receiver_bank,
        "receiverBankAccount": receipt.receiver_bank_account,
        "instructionRef": receipt.instruction_ref,
    }
