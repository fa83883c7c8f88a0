"""The ledger of a job: a file of lines that survives the end of its process."""
