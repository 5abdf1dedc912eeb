"""Rows that write a tune as ABC text."""
