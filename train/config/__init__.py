"""What training is told, and what of it can work."""
