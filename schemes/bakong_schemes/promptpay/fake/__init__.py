"""The fake of PromptPay: a wallet that pays its codes, slips, and an API for shops that ask."""
