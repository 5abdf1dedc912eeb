"""Files of music, found and read."""
