"""Pages as captured: an application of its own, in an origin of its own, that shows archived markup to people.

Its pages run no script and ask for nothing but archived files of the same origin.
"""
