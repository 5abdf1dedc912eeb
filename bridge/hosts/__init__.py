"""What ships for each host, put where the host looks for it."""
