"""Tests of the catalogue: rows, revisits, what is blocked."""
