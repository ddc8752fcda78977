"""Nagad of Bangladesh: a payment that begins with two sealed calls, and is made on a page of the provider's."""
