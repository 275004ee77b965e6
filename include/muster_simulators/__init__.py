"""Stateful HTTP servers that speak the vendors' protocols over one generated world. They import nothing of ours."""
