"""gRPC calls of the clients: channels, deadlines, retries, errors. Only this package uses grpc."""
