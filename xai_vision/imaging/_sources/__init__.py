"""The objects that an image can be made from."""
