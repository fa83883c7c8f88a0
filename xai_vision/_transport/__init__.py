"""The only room that knows how gRPC calls are made: channels, deadlines, errors."""
