"""Channels of gRPC: how they are opened, used, limited and closed."""
