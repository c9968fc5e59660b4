"""What members of staff do at the support desk, and which of them may do it: all of it data.

A host lists in `Agent.may` what a member of staff may do beyond the usual.  `PERMISSIONS` says which task wants
which entry, "" for none; `Settings.agent_permissions` says it differently.  Tasks in `Settings.four_eyes` are only
proposed by the first agent and done by a second one, who has the permission of `AgentTask.APPROVE`.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class AgentTask(StrEnum):
    """What an agent does that a permission or a second agent can be asked for."""

    CONVERT_GUEST = "convert_guest"
    ANSWER_REQUEST = "answer_request"
    CORRECT_ADDRESS = "correct_address"
    RESEND_TRACKING = "resend_tracking"
    LOOK_UP = "look_up"
    MERGE_ACCOUNTS = "merge_accounts"
    CORRECT_VAT = "correct_vat"
    APPROVE = "approve"


#: The entry of `Agent.may` that a task wants; "" for one that every agent may do.
PERMISSIONS: Mapping[AgentTask, str] = MappingProxyType(
    {
        # Nothing happens before the customer proves the mailbox.
        AgentTask.CONVERT_GUEST: "",
        AgentTask.ANSWER_REQUEST: "",
        # An order that has not left, and nothing but its address.
        AgentTask.CORRECT_ADDRESS: "",
        # To the stored address only.
        AgentTask.RESEND_TRACKING: "",
        # Each look is in the audit trail.
        AgentTask.LOOK_UP: "",
        # Whoever merges gives one person what was another account's.
        AgentTask.MERGE_ACCOUNTS: "merge_accounts",
        # A refund follows, and every step of it is in the audit trail.
        AgentTask.CORRECT_VAT: "",
        # The second pair of eyes is not anybody's.
        AgentTask.APPROVE: "approve",
    }
)

#: What two agents do together unless the shop says otherwise.
FOUR_EYES = frozenset({AgentTask.MERGE_ACCOUNTS})
