"""Where a process runs."""

import os
import secrets
import socket
from pathlib import Path


def here() -> str:
    """This host, told apart from another container that happens to have its name."""
    try:
        namespace = os.stat("/proc/self/ns/pid").st_ino
        # The first namespace of every Linux has one number, and copied machines have one name.
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        namespace, boot = 0, ""
    return f"{socket.gethostname()}/{namespace}/{boot}"


def unique_name() -> str:
    """A name for this process that no other one has or will have."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
