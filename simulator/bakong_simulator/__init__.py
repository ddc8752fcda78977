"""The fake Bakong: worlds with ledger, clock, faults and journal, served as the Open API. May not know our service."""
