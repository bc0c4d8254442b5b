"""Tests of `presskeep verify`."""
