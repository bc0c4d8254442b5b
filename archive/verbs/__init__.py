"""The archive's verbs: one thin function each."""
