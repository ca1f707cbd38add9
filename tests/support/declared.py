"""The endpoints that tools declare, beside the recorded answers: `make contract` compares them."""

from pathlib import Path

import orjson

from xerus.tools.catalogue import ALL

FILE = "declared.json"


def write(folder: Path) -> None:
    """Write what every tool declares for both deployments."""
    lines = [
        {"by": tool.name, "deployment": deployment, "endpoint": endpoint}
        for tool in ALL
        for deployment, endpoints in (("cloud", tool.endpoints), ("dc", tool.data_center))
        for endpoint in endpoints
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_bytes(orjson.dumps(lines))
