"""A file system of limited size, in a mount namespace of its own."""

import shutil
import subprocess
import sys
import tempfile


def absent() -> str:
    """Why no small file system can be mounted here, or ""."""
    if sys.platform != "linux" or not shutil.which("unshare"):
        return "no mount namespaces here"
    with tempfile.TemporaryDirectory(prefix="small-disk-") as folder:
        mount = ["unshare", "-Urm", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]
        done = subprocess.run(mount, capture_output=True, check=False)
    return "" if done.returncode == 0 else "no mount namespaces here: `unshare -Urm mount` is refused"
