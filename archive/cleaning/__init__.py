"""Cleaning: captures to articles, as a pure function.

Nothing is handed on here: who asks for the cleaner's version alone must not wait for the extraction library.
"""
