"""A standalone Spark cluster on this machine: a master and two workers, each a process."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from common import wait_until

MISSING_JAVA = "Spark needs Java 17 or newer: apt-get install openjdk-17-jre-headless"
_MASTER = "org.apache.spark.deploy.master.Master"
_WORKER = "org.apache.spark.deploy.worker.Worker"
_EXECUTOR = b"CoarseGrainedExecutorBackend"
_CORES = 6  # of a worker: several applications run at once


def has_java() -> bool:
    """Whether Spark can run on this machine."""
    return shutil.which("java") is not None or "JAVA_HOME" in os.environ


class Cluster:
    """The running cluster."""

    def __init__(self, url: str, workers: list[subprocess.Popen[bytes]]) -> None:
        self.url = url
        self._workers = workers

    def executors(self) -> list[int]:
        """The processes that compute."""
        return [pid for worker in self._workers for pid in _children(worker.pid) if _EXECUTOR in _command(pid)]

    def kill_executors(self) -> int:
        """Kill all executors; the number of them. The workers start others."""
        killed = self.executors()
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        return len(killed)


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    """Run a cluster. Its logs are in the folder."""
    with ExitStack() as stack:
        common = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        log = folder / "master.log"
        stack.enter_context(_running([_MASTER, *common], log))
        url = found_in(log, r"Starting Spark master at (spark://\S+)")
        resources = ("--cores", str(_CORES), "--memory", "6g", "--work-dir", str(folder / "work"))
        logs = [folder / f"worker-{number}.log" for number in range(2)]
        workers = [stack.enter_context(_running([_WORKER, *common, *resources, url], log)) for log in logs]
        for log in logs:
            found_in(log, "(Successfully registered) with master")
        yield Cluster(url, workers)


@contextmanager
def running_connect_server(cluster: Cluster, folder: Path) -> Iterator[str]:
    """Run a Spark Connect server on the cluster; its address."""
    log = folder / "connect.log"
    settings = {
        "spark.cores.max": "2",
        "spark.executor.memory": "1g",
        "spark.ui.enabled": "false",
        "spark.connect.grpc.binding.port": "0",
        "spark.driver.host": "127.0.0.1",
        "spark.connect.grpc.binding.address": "127.0.0.1",
    }
    options = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    server = "org.apache.spark.sql.connect.service.SparkConnectServer"
    submit = [
        "org.apache.spark.deploy.SparkSubmit",
        "--master",
        cluster.url,
        "--class",
        server,
        *options,
        "spark-internal",
    ]
    with _running(submit, log):
        port = found_in(log, r"Spark Connect server started at: \S*:(\d+)")
        yield f"sc://127.0.0.1:{port}"


def found_in(log: Path, pattern: str) -> str:
    """Wait until a log has a line; its first group."""
    wait_until(lambda: log.exists() and re.search(pattern, log.read_text()) is not None, 400)
    found = re.search(pattern, log.read_text())
    assert found
    return found[1]


@contextmanager
def _running(arguments: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    import pyspark

    command = [str(Path(pyspark.__file__).parent / "bin" / "spark-class"), *arguments]
    environment = {
        **os.environ,
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_NO_DAEMONIZE": "1",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment, start_new_session=True)
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _children(parent: int) -> list[int]:
    of_threads = Path("/proc").glob(f"{parent}/task/*/children")
    return [int(pid) for file in of_threads for pid in file.read_text().split()]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it has ended
        return b""
