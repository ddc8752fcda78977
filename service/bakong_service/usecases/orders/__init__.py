"""What shops ask for: payment methods, orders, their payments and refunds, settlements."""
