#!/usr/bin/env python3
"""One evaluation as tasks of a Ray cluster: nest benchmark in N parts, one core each, merged into one results file.

    ray_shards.py N RESULTS NEST benchmark --model M --data DIR …       needs ray; model and data lie where every node sees them

Without a cluster (RAY_ADDRESS) the tasks run on this machine.
"""
import pathlib
import subprocess
import sys
import tempfile

import ray


@ray.remote(num_cpus=1, max_retries=2)
def evaluate(command, shard):
    """The results file of one part, as text: nodes need no folder in common to write to."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "part.json")
        done = subprocess.run([*command, "--shard", shard, "--output", file], capture_output=True, text=True)
        if not file.exists():
            raise RuntimeError(f"part {shard}: exit code {done.returncode}: {done.stderr.strip()}")
        return file.read_text()


def main():
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    count, results, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    ray.init(log_to_driver=False)
    parts = ray.get([evaluate.remote(command, f"{i + 1}/{count}") for i in range(count)])
    with tempfile.TemporaryDirectory() as folder:
        files = [pathlib.Path(folder, f"{i}.json") for i in range(count)]
        for file, text in zip(files, parts):
            file.write_text(text)
        sys.exit(subprocess.run([command[0], "benchmark", "--merge", *files, "--output", results]).returncode)


main()
