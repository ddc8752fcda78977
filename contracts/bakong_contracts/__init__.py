"""What both sides promise: the Open API, our service and its webhooks. May not know who serves or calls them."""
