"""GBPrimePay's QR API: a sketch, behind `experimental`. README.md says what is known and what is not."""
