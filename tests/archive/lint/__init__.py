"""Tests of the linter: cases made by program."""
