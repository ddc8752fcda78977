"""Leads a program's calls to the providers' hosts to a sandbox, with no change in the program."""
