"""`bakong-sandbox load`: target, keys and main backend around a load test. Knows our data folder; judges nothing."""
