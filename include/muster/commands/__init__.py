"""The commands of `muster`, one file each. They call the same functions as the DAGs, and hold no logic of their own.

Everything heavy is imported inside the commands: `muster --help` answers at once.
"""
