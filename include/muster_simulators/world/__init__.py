"""One coherent universe of people, companies and deals, spread over the simulated sources."""
