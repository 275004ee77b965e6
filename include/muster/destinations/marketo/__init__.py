"""Marketo as a destination: one static list per audience, of leads that exist there already.

It matches and never makes: there is no call in this package that creates or changes a lead (B11, F85).
"""
