"""A stateful Marketo Engage REST server over one source of the generated world."""
