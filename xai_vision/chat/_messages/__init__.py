"""Messages of a conversation and their protobuf encoding."""
