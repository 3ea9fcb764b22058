"""How it is run by others: the container files, the command line, the demo."""
