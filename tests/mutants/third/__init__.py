"""Faults of the PHP and the Java example, written without a look at the rules, and what names each."""
