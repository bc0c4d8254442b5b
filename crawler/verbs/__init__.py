"""The crawler's verbs: one thin function each."""
