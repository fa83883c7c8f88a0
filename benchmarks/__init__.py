"""Compare the speed of xai_vision with a bare gRPC call and with its peers. See docs/speed.md."""
