"""Microsoft Dynamics 365 (Dataverse) as a source."""
