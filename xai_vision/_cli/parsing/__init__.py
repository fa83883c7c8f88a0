"""How the command line is parsed: groups, numbers, prompts and standard input."""
