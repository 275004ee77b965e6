"""HubSpot as a source: ids by search over half-open windows, records by batch read, archived ones by list."""
