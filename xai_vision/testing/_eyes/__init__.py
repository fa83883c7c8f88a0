"""The text and the codes that images contain, read with the packages of the extra "eyes"."""
