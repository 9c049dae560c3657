"""The store that a campaign runs on: memcached, or the one that its command names."""

from __future__ import annotations

import argparse

from compare.memcached_process import MemcachedProcess
from compare.redis_process import RedisProcess
from compare.store_process import StoreProcess

STORES: dict[str, type[StoreProcess]] = {"memcached": MemcachedProcess, "redis": RedisProcess}


def command_line(description: str | None) -> argparse.ArgumentParser:
    """Return what reads a campaign's command line, on which it may choose a store."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--store", choices=STORES, default="memcached", help="memcached by default")
    return parser
