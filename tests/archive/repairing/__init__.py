"""Tests of `presskeep repair`."""
