"""JupyterHub with DummyAuthenticator, as for trying it out: ``FOLDER PORT``."""

import os
import socket
import sys
from pathlib import Path

from jupyterhub.app import JupyterHub

folder, port = sys.argv[1:]
proxy = Path(__file__).parents[3] / "build/real/chp/node_modules/.bin/configurable-http-proxy"


def free():
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


os.chdir(folder)
JupyterHub.launch_instance(
    [
        f"--url=http://127.0.0.1:{port}",
        f"--JupyterHub.hub_port={free()}",
        f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{free()}",
        f"--ConfigurableHTTPProxy.command={proxy}",
        "--JupyterHub.authenticator_class=dummy",
        "--JupyterHub.spawner_class=simple",
        "--DummyAuthenticator.password=violet-otter-91",
        "--Authenticator.allow_all=True",
        f"--JupyterHub.db_url=sqlite:///{folder}/hub.sqlite",
        f"--JupyterHub.cookie_secret_file={folder}/secret",
    ]
)
