"""The console: a web page over the control API. Imported when it is first opened, not before."""
