# SPDX-License-Identifier: Apache-2.0
"""farfork: make a seed of this warm process; every child starts here with your data already in memory.

    import farfork
    table = load_for_minutes()
    farfork.serve(lambda key: table[key])
"""

from .errors import AgentLostError, FarforkError, NotUnderFarforkError, ProtocolError
from .hooks import after_prepare, after_resume, before_prepare
from .msgpack import Ext, MessagePackError, Timestamp
from .seeding import Role, current_role, reply, reply_error, seed, serve

__all__ = [
    "AgentLostError",
    "Ext",
    "FarforkError",
    "MessagePackError",
    "NotUnderFarforkError",
    "ProtocolError",
    "Role",
    "Timestamp",
    "after_prepare",
    "after_resume",
    "before_prepare",
    "current_role",
    "reply",
    "reply_error",
    "seed",
    "serve",
]
__version__ = "0.1.0"
