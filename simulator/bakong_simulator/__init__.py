"""The fake Bakong: worlds with ledger, clock, faults and journal. Must not depend on the service."""
