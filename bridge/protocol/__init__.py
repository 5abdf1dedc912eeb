"""Protocol 1: its tables, its options, and datagrams checked and built."""
