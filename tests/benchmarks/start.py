"""From a fresh clone to the first useful page: `make run`, with whatever pip has cached."""

import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def main() -> None:
    """Print the seconds until Home answers and until it shows an album of the demo."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "bandstand")
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        port = _free_port()
        environment = {**os.environ, "BANDSTAND_DATA": str(Path(folder, "data"))}
        begun = time.monotonic()
        run = subprocess.Popen(
            ["make", "run", f"ARGS=--port {port}"], cwd=clone, env=environment, start_new_session=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            print(f"first page    {_wait(port, '/', '<main', begun):5.1f} s")
            print(f"first albums  {_wait(port, '/library', '/albums/', begun):5.1f} s")
        finally:
            os.killpg(run.pid, signal.SIGTERM)
            run.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def _wait(port: int, path: str, wanted: str, begun: float) -> float:
    while time.monotonic() - begun < 300:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                if wanted in answer.read().decode():
                    return time.monotonic() - begun
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.2)
    raise SystemExit(f"{path} never showed {wanted!r}")


if __name__ == "__main__":
    main()
