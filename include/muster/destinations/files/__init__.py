"""Files as a destination: CSV and Parquet in a folder or an S3-compatible bucket, with a manifest written last."""
