"""Tests of takedowns and purges."""
