"""Small bKash- and Nagad-like providers of the suite's own, with wallets that script a payment. They know no rule."""
