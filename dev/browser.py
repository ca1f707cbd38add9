"""Make sure that a Chromium is there for the browser tests; install Debian's where it may."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")
INSTALL = ("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")


def main() -> int:
    """Return 0 when a browser is there, 1 with advice when it is not."""
    if any(shutil.which(name) for name in NAMES):
        return 0
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing Chromium for the browser tests (once)", file=sys.stderr)
        for command in (("apt-get", "update", "-qq"), INSTALL):
            subprocess.run(command, check=True, stdout=sys.stderr)
        return 0
    print(
        "The browser tests need Chromium. On Debian: sudo apt-get install chromium",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
