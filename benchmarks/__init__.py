"""How fast xai_vision is beside a bare gRPC call, and beside its peers. See docs/speed.md."""
