"""Marketo Engage as a source: bulk exports for leads and activities, REST for everything else."""
