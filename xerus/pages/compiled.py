"""Compiled templates, kept beside their sources as Python keeps compiled modules."""

import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from zlib import crc32

from jinja2.bccache import Bucket, FileSystemBytecodeCache


class Compiled(FileSystemBytecodeCache):
    """Templates as they were compiled for `options`, by whichever process did it first.

    A folder that cannot be written is no fault: each process compiles for itself then. Whoever may
    write it may write the modules of this package too.
    """

    def __init__(self, folder: Path, options: object) -> None:
        made_for = crc32(repr((version("jinja2"), options)).encode())
        super().__init__(str(folder), f"%s.{sys.implementation.cache_tag}-{made_for:08x}.jinja")

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled, unless Python is told to keep nothing."""
        if sys.dont_write_bytecode:
            return
        with suppress(OSError):
            Path(self.directory).mkdir(exist_ok=True)
            super().dump_bytecode(bucket)
