"""Omise (Opn Payments): PromptPay, wallets, banks and cards of Thailand."""
