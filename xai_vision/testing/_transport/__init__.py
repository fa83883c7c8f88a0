"""The gRPC port of the fake server, and what its ports share."""
