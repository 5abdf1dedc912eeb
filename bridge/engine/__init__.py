"""Requests in, notes out: a queue, and workers that step batches of rows."""
