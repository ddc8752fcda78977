"""An invented bank, described in one file: the example of docs/generic.md."""
