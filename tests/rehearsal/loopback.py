"""Checks which addresses processes listen on."""

import os
import pathlib

LISTENING = "0A"


def sockets(session):
    """Yields the socket inodes of every process in `session`."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(process.name)) == session:
                for descriptor in (process / "fd").iterdir():
                    target = os.readlink(descriptor)
                    if target.startswith("socket:["):
                        yield target[len("socket:["):-1]
        except OSError:
            # The process exited or the descriptor was closed after it was listed.
            continue


def listening(session):
    """Yields the listening addresses of `session` in kernel notation, and whether each is loopback."""
    owned = set(sockets(session))
    for table in ("tcp", "tcp6"):
        for line in pathlib.Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            address, state, inode = columns[1], columns[3], columns[9]
            if state == LISTENING and inode in owned:
                host = address.split(":")[0]
                # Little-endian words: 127.0.0.0/8, mapped into IPv6, or ::1.
                mapped = len(host) == 8 or host.startswith("0000000000000000FFFF0000")
                yield address, (mapped and host.endswith("7F")) or host == "0" * 24 + "01000000"
