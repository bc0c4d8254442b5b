"""Tests of the archive's verbs, and the pages that they share."""
