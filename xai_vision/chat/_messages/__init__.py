"""Messages of a conversation and their wire format."""
