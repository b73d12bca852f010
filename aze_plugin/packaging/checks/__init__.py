"""What a package is examined for, a module a subject; ``packaging.verification`` puts them in order."""
