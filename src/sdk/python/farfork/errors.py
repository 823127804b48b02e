# SPDX-License-Identifier: Apache-2.0
"""What the SDK raises. Codes are those of the catalogue, docs/errors.md."""

from __future__ import annotations


class FarforkError(Exception):
    """An operating error. `code` is of the catalogue, e.g. "STATE_NOT_CARRIED"."""

    def __init__(self, code: str, message: str):
        if message.startswith(code + ": "):  # the agent's messages begin with their code
            message = message[len(code) + 2 :]
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class NotUnderFarforkError(FarforkError):
    """This process has no control socket: it was not started by `farfork run`."""

    def __init__(self, message: str):
        super().__init__("NOT_UNDER_FARFORK", message)


class AgentLostError(FarforkError):
    """The agent closed the control socket, or died. A child may go on; it cannot reply any more."""

    def __init__(self, message: str):
        super().__init__("UNAVAILABLE", message)


class ProtocolError(FarforkError):
    """The agent sent what the control protocol does not allow, or speaks another version."""

    def __init__(self, message: str):
        super().__init__("CONTROL_PROTOCOL", message)
