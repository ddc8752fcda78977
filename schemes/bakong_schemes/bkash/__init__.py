"""bKash of Bangladesh: tokenized checkout, checkout (iframe), the v2 refund pair, and its IPN."""
