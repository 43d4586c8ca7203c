"""What has to hold for the templates. Each check gives the problems that it sees; none is good.

The same checks look at templates that were broken on purpose (:mod:`tests.infra.mutations`), so each of them is known
to see what it is there for.
"""

from tests.infra.checks import app, form, network, operation, safety
from tests.infra.checks.registry import CHECKS, Check
from tests.infra.checks.safety import APP_ROLES, DEPLOYER_ROLES, OPERATOR_ROLES

__all__ = [
    "APP_ROLES",
    "CHECKS",
    "DEPLOYER_ROLES",
    "OPERATOR_ROLES",
    "Check",
    "app",
    "form",
    "network",
    "operation",
    "safety",
]
