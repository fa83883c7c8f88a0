"""Batches: one request for many images, with a results file that survives interruptions."""
