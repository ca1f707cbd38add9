import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.placement import OTHER_CORE, SUBJECT_CORE, on_all_cores, on_core

_ASK = "import os; print(sorted(os.sched_getaffinity(0)))"


def cores_of_a_child() -> str:
    done = subprocess.run([sys.executable, "-c", _ASK], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core leaves nothing to choose")
def test_what_is_measured_has_its_core_though_the_driver_keeps_to_another() -> None:
    def start() -> tuple[str, str]:
        with on_core(SUBJECT_CORE):
            subject = cores_of_a_child()
        with on_all_cores():
            return subject, cores_of_a_child()

    everywhere = sorted(os.sched_getaffinity(0))
    with on_core(OTHER_CORE), ThreadPoolExecutor(1) as driver:
        assert driver.submit(start).result() == (f"[{SUBJECT_CORE}]", str(everywhere))
        assert cores_of_a_child() == f"[{OTHER_CORE}]"
