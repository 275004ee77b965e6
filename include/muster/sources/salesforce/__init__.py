"""Salesforce as a source: Bulk API 2.0 queryAll over half-open windows of SystemModstamp."""
