"""Rows that read a context or write a take of notes."""
