"""A client for scripts, notebooks and the command line: ask a running bridge for notes."""

from .about import Bridge, ModelLine, Status
from .client import Client

__all__ = ["Bridge", "Client", "ModelLine", "Status"]
