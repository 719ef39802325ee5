"""Photographs -> filter banks."""
