"""Where a server listens: a host and port, or the path of a Unix socket."""

from __future__ import annotations

import ipaddress
import os
import re

#: A host and its port, or the path of a Unix socket.
Address = tuple[str, int] | str

#: A name's labels are of 1 to 63 characters, 253 in all (RFC 1035, 2.3.4); others are looked up by
#: nobody. Some have a _, and a dot at the end says that this is the whole name.
_HOST = re.compile(r"(?=.{1,253}\.?$)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")

#: A Unix socket's path ends with a NUL within sun_path's 108 bytes (unix(7)).
_LONGEST_PATH = 107


def parse_address(text: str) -> Address:
    """Return host and port, or the path, of ``host:port``, ``[::1]:port`` or a path with a ``/``.

    Raises `ValueError` with a sentence that shows the text.
    """
    if "/" in text:
        if len(os.fsencode(text)) > _LONGEST_PATH:
            raise ValueError(f"the path of a socket is at most {_LONGEST_PATH} bytes: {text!r}")
        return text
    host, port = _host_and_port(text)
    if not (_is_host(host) and _is_port(port)):
        raise ValueError(f"not host:port, [IPv6 address]:port or the path of a socket: {text!r}")
    return host.strip("[]"), int(port)


def shown(address: Address) -> str:
    """Return what `parse_address` takes."""
    if isinstance(address, str):
        return address
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def address_in_url(text: str, default_port: int) -> str:
    """Return what `parse_address` takes; a port that is left out is the default one.

    In a URL a percent sign, which stands before an IPv6 address's zone, is %25 (RFC 6874, 2).
    """
    text = re.sub("%25(?=.)", "%", text, count=1) if text.startswith("[") else text
    host, port = _host_and_port(text)
    if not _is_host(host):
        raise ValueError(f"not host, host:port or [IPv6 address]:port in the URL: {host!r}")
    if text == host:
        port = str(default_port)
    if not _is_port(port):
        raise ValueError(f"no port of 1 to 65535 follows the host {host!r} in the URL")
    return f"{host}:{port}"


def _host_and_port(text: str) -> tuple[str, str]:
    host, _, port = text.rpartition(":") if re.search(r":[^]]*$", text) else (text, "", "")
    return host, port


def _is_port(text: str) -> bool:
    return re.fullmatch("[0-9]{1,5}", text) is not None and 1 <= int(text) <= 65_535


def _is_host(text: str) -> bool:
    if not (text.startswith("[") and text.endswith("]")):
        return _HOST.fullmatch(text) is not None
    try:
        ipaddress.IPv6Address(text[1:-1])
    except ValueError:
        return False
    return True
