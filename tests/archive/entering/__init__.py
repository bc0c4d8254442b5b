"""Tests of what enters the catalogue: rebuilding, importing, attaching."""
