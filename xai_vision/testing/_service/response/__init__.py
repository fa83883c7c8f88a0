"""Build response protos and stream chunks from replies, and count tokens and costs."""
