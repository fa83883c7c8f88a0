"""A run of a job: which rows are asked, how, and what is recorded."""
