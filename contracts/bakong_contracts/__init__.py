"""What both sides promise: the Open API, our service and its webhooks."""
