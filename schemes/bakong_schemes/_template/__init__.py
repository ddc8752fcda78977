"""A scheme to copy: `make scheme NAME=acme` makes a folder like this one. README.md says what to fill in."""
