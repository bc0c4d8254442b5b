"""Requisites: what a browser fetches to draw the pages of articles, for sites with ``keep = "page"``."""
