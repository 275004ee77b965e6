"""What tasks wait for without a worker: a source's clock, bulk jobs, the other sources."""
