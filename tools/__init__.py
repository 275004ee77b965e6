"""What `make` calls beside the packages: the lock, the reference pages."""
