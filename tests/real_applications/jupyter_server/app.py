"""jupyter_server with a password, and nothing else changed: ``FOLDER PORT``."""

import os
import sys

from jupyter_server.auth import passwd
from jupyter_server.serverapp import ServerApp

folder, port = sys.argv[1:]
os.environ |= {"JUPYTER_CONFIG_DIR": folder, "JUPYTER_DATA_DIR": folder, "HOME": folder}
ServerApp.launch_instance(
    [
        f"--port={port}",
        "--ip=127.0.0.1",
        "--no-browser",
        "--allow-root",
        f"--notebook-dir={folder}",
        f"--PasswordIdentityProvider.hashed_password={passwd('violet-otter-91')}",
    ]
)
