"""Counting tokens with the o200k vocabulary, which the npm package gpt-tokenizer carries inside."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_NODE = _ROOT / ".venv" / "bin" / "node"
_COUNT = """
const { countTokens } = require("gpt-tokenizer/encoding/o200k_base");
const texts = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const counts = Object.entries(texts).map(([name, text]) => [name, countTokens(text)]);
console.log(JSON.stringify(Object.fromEntries(counts)));
"""


def counted(texts: Mapping[str, str]) -> dict[str, int]:
    """Return the number of tokens of each text."""
    done = subprocess.run(
        [str(_NODE), "-e", _COUNT],
        input=json.dumps(texts).encode(),
        cwd=_ROOT / "tests" / "clients" / "node",
        env=dict(os.environ),
        capture_output=True,
        check=True,
        timeout=60,
    )
    counts: dict[str, int] = json.loads(done.stdout)
    return counts
