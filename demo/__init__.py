"""`make demo`, `make up`, `make down`: a real Airflow and simulated sources on this machine."""
