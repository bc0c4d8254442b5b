"""Scheduling: when a source is asked, and when an article is due or looked at again. Pure; clocks are passed in."""
