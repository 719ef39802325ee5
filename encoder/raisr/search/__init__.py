"""Photograph -> payload: what is tried, and what is kept."""
