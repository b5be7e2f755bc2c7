"""Generates clients from the server's OpenAPI documents. The server is at URL."""

import json
import os
import subprocess
import sys
from pathlib import Path

URL = os.environ["URL"]


def generate(document: str, folder: Path) -> None:
    """Generates the package `denizen` in a folder, from a document's path. Fails if the generator skips anything."""
    config = folder / "config.json"
    config.write_text(json.dumps({"post_hooks": [], "package_name_override": "denizen"}))
    command = [sys.executable, "-m", "openapi_python_client", "generate"]
    options = ["--url", f"{URL}{document}", "--config", str(config), "--fail-on-warning", "--meta", "none"]
    done = subprocess.run(
        [*command, *options, "--output-path", str(folder / "denizen")], capture_output=True, text=True
    )
    if done.returncode != 0:
        sys.exit(f"the generator ends with {done.returncode}\n{done.stdout}{done.stderr}")
    sys.path.insert(0, str(folder))
