"""How events enter the catalogue: adopted, imported, attached, entered again after a rewriting, rebuilt as a whole."""
