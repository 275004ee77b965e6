"""Operators: each a few lines around one function of `muster`, and each with a twin in the command line."""
