"""Configuration: what a person writes, judged as a whole before anything happens.

    settings = load(config_folder())          # raises ConfigError with every problem, each with its file and line
    settings.platform.source("marketo__emea").longest_window

Imports only muster.naming, muster.errors, muster.windows and third-party packages.
"""

from muster.config.connections import (
    Address,
    Connection,
    ConnectionResolver,
    MissingConnectionError,
    base_url,
    connection_from_environment,
    connection_from_parts,
)
from muster.config.document import Document, read_document
from muster.config.dynamics import DynamicsSource
from muster.config.intervals import interval_at, latest_interval, parse_interval
from muster.config.limits import MarketoLimits, SalesforceLimits
from muster.config.loader import check_connections, load, load_platform
from muster.config.models import (
    Activation,
    AnySource,
    Breaker,
    DestinationConfig,
    FilesDestination,
    HubSpotSource,
    MarketoDestination,
    MarketoSource,
    Platform,
    SalesforceSource,
    Schedule,
    SourceConfig,
)
from muster.config.problems import suggest
from muster.config.settings import Settings, config_folder, home_root
from muster.config.tables import FileObject, FilesSource, SqlObject, SqlSource

__all__ = [
    "Activation",
    "Address",
    "AnySource",
    "Breaker",
    "Connection",
    "ConnectionResolver",
    "DestinationConfig",
    "Document",
    "DynamicsSource",
    "FileObject",
    "FilesDestination",
    "FilesSource",
    "HubSpotSource",
    "MarketoDestination",
    "MarketoLimits",
    "MarketoSource",
    "MissingConnectionError",
    "Platform",
    "SalesforceLimits",
    "SalesforceSource",
    "Schedule",
    "Settings",
    "SourceConfig",
    "SqlObject",
    "SqlSource",
    "base_url",
    "check_connections",
    "config_folder",
    "connection_from_environment",
    "connection_from_parts",
    "home_root",
    "interval_at",
    "latest_interval",
    "load",
    "load_platform",
    "parse_interval",
    "read_document",
    "suggest",
]
