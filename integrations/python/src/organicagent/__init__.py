"""OrganicAgent's API and webhooks."""

from . import generated
from .client import OrganicAgent
from .generated import *
from .transport import OrganicAgentError
from .webhooks import WebhookError, verify_published_signature, verify_webhook

__all__ = ["OrganicAgent", "OrganicAgentError", "WebhookError", "verify_published_signature", "verify_webhook"]
__all__ += generated.__all__
