"""A Redis Cluster of one's own: three primaries, and a replica of the last."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import redis
from opened_store import new_key
from redis.crc import key_slot
from redis.exceptions import AskError, MovedError

from compare.processes import StartedInBlock
from compare.redis_process import RedisProcess
from compare.waiting import free_port, wait_until

#: Milliseconds after which a node that does not answer is taken to be away.
_TIMEOUT = "500"

_SLOTS = ("0-5460", "5461-10922", "10923-16383", "")


class Member(RedisProcess):
    """One node; ``called`` is what the others call it."""

    def __init__(self) -> None:
        super().__init__(tcp=True)
        self.bus, self.called = free_port(), secrets.token_hex(20)

    def command(self) -> Sequence[str]:
        return [
            *super().command(),
            *("--cluster-enabled", "yes", "--cluster-port", str(self.bus)),
            *("--cluster-node-timeout", _TIMEOUT, "--cluster-require-full-coverage", "no"),
        ]

    def knows(self, lines: Sequence[str]) -> None:
        """Let it know the nodes of ``lines`` when it starts."""
        text = "\n".join([*lines, "vars currentEpoch 4 lastVoteEpoch 0", ""])
        (self.folder / "nodes.conf").write_text(text)

    def line(self, *, role: str, slots: str, epoch: int, primary: str = "-") -> str:
        where = f"127.0.0.1:{self.port}@{self.bus}"
        return f"{self.called} {where} {role} {primary} 0 0 {epoch} connected {slots}".strip()

    def said(self, *command: Any) -> Any:
        with redis.Redis(port=self.port) as client:
            return client.execute_command(*command)

    def is_ok(self) -> bool:
        return bool(self.said("CLUSTER INFO")["cluster_state"] == "ok")

    def asked(self, command: str) -> int:
        """Return how often ``command`` was carried out."""
        return int(self.said("INFO", "commandstats").get(f"cmdstat_{command}", {}).get("calls", 0))

    def moved(self) -> int:
        """Return how often it has sent somebody elsewhere for good."""
        return int(self.said("INFO", "errorstats").get("errorstat_MOVED", {}).get("count", 0))


class RedisCluster(StartedInBlock):
    """The nodes; they know each other from the start."""

    def __init__(self) -> None:
        self.members = [Member() for _ in _SLOTS]
        self.primaries = self.members[:3]
        *_, self.replicated, self.replica = self.members
        self._stack = ExitStack()

    def start(self) -> None:
        """Start all, and return once they serve."""
        for member in self.members:
            member.knows([self._line(each, is_self=each is member) for each in self.members])
            self._stack.enter_context(member)
        self.wait()

    def close(self) -> None:
        """End all."""
        self._stack.close()

    def wait(self) -> None:
        """Return once all nodes serve."""
        wait_until(lambda: all(each.is_ok() for each in self.members), "the cluster is well")

    @property
    def address(self) -> str:
        return ",".join(each.address for each in self.primaries)

    def home(self, key: str) -> Member:
        """Return the node that keeps the slot of ``key``."""
        for member in self.members:
            try:
                member.said("EXISTS", key)
            except MovedError:
                continue
            except AskError:
                pass
            return member
        raise AssertionError("nobody keeps it")

    def begin_move(self, key: str) -> tuple[Member, Member]:
        """Begin to move the slot of ``key``, and move that record; return whence and whither."""
        slot, source = key_slot(key.encode()), self.home(key)
        target = next(each for each in self.primaries if each is not source)
        target.said("CLUSTER", "SETSLOT", slot, "IMPORTING", source.called)
        source.said("CLUSTER", "SETSLOT", slot, "MIGRATING", target.called)
        source.said("MIGRATE", "127.0.0.1", target.port, key, 0, 5000)
        return source, target

    def end_move(self, key: str, source: Member, target: Member) -> None:
        """End it: the slot is the target's."""
        for each in (target, source):
            each.said("CLUSTER", "SETSLOT", key_slot(key.encode()), "NODE", target.called)

    def key_of(self, member: Member) -> str:
        """Return a new key that ``member`` keeps."""
        return next(key for key in iter(new_key, "") if self.home(key) is member)

    def has_caught_up(self) -> bool:
        return bool(self.replica.said("INFO", "replication")["master_link_status"] == "up")

    def _line(self, member: Member, *, is_self: bool) -> str:
        number = self.members.index(member)
        slots, myself = _SLOTS[number], "myself," if is_self else ""
        if slots:
            return member.line(role=f"{myself}master", slots=slots, epoch=number + 1)
        primary = self.replicated.called
        return member.line(role=f"{myself}slave", slots="", epoch=3, primary=primary)
