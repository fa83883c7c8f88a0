"""The reply to a request that no rule matches: a description, or a value that fits a schema."""
