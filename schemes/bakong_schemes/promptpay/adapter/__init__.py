"""PromptPay for the service: codes of our own, confirmed by a lookup or by the payer's slip."""
