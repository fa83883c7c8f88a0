"""What a job may not exceed: the rate of the service, and its budget."""
