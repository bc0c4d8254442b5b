"""A linter for WARC and WACZ files: each departure from the standards, with its rule, section, offset and severity.

It needs no archive and changes nothing. `archive.lint.linter.lint` is the way in; docs/lint.md lists the rules.
"""
