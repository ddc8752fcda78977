"""The commands, one file a group: options in, one function called. Each loads what it needs when it is called."""
