"""A network fitted to a data set."""
