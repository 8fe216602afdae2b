#!/usr/bin/env python3
"""Starts the Triton of PyPI's nvidia-pytriton on a model repository; its configurations must be read.

    triton_check.py REPOSITORY      exit code 3: what the check needs is not installed

That Triton has no ONNX backend, so that a model it has read ends in one error: the backend is missing. Where the
configuration is at fault it says so before, which a broken copy shows.
"""
import importlib.util
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(sys.argv[1])


def verdicts(repository):
    """Model -> why it is not served."""
    spec = importlib.util.find_spec("pytriton")
    if spec is None:
        print("needs nvidia-pytriton")
        sys.exit(3)
    folder = pathlib.Path(spec.origin).parent / "tritonserver"
    done = subprocess.run([folder / "bin/tritonserver", f"--model-repository={repository}", f"--backend-directory={folder / 'backends'}",
                           "--allow-http=false", "--allow-grpc=false", "--allow-metrics=false", "--exit-timeout-secs=1"],
                          capture_output=True, text=True, timeout=120)
    text = done.stdout + done.stderr
    if "load" not in text:
        print(f"needs a Triton that starts: {text[-300:]}")
        sys.exit(3)
    found = {}
    for model in (path.name for path in repository.iterdir()):
        lines = re.findall(rf"failed to load '{re.escape(model)}'[^:\n]*: (.*)", text) or re.findall(rf"E\d.*\b{re.escape(model)}\b.*", text)
        found[model] = lines[0] if lines else text
    return found


for model, why in verdicts(REPOSITORY).items():
    if "onnxruntime" not in why or "backend" not in why:
        sys.exit(f"{model}: {why}")
with tempfile.TemporaryDirectory() as folder:
    broken = pathlib.Path(folder) / "repository"
    shutil.copytree(REPOSITORY, broken)
    for config in broken.glob("*/config.pbtxt"):
        config.write_text(config.read_text().replace("data_type: TYPE_FP32", "data_type: TYPE_NONE_SUCH"))
    for model, why in verdicts(broken).items():
        if "onnxruntime" in why and "TYPE_FP32" in (REPOSITORY / model / "config.pbtxt").read_text():
            sys.exit(f"{model}: a broken configuration was read: {why}")
