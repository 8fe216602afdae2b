#!/usr/bin/env python3
"""Checks with PyTorch that what `nest convert` writes is what torch.save wrote.

    /usr/bin/python3 tests/golden/weights/check_with_python.py build/release/apps/nest/nest [file.pt ...]

Every file goes .pt -> .safetensors -> .pt through the command; both ends are loaded with torch.load
(and with weights_only=True where this PyTorch has it) and compared bit by bit.
"""
import inspect
import pathlib
import pickle
import subprocess
import sys
import tempfile

import torch

HERE = pathlib.Path(__file__).resolve().parent


def bits(tensor):
    return tensor.detach().contiguous().reshape(-1).view(torch.uint8) if tensor.numel() else None


def same(a, b):
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.numel() == 0:
        return True
    if a.dtype == torch.bool:
        return torch.equal(a, b)
    return torch.equal(bits(a), bits(b))


def plain(value):
    """Tuples become lists on the way through JSON."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def loads_weights_only(path):
    """PyTorch 1.13 cannot read the float of its own files in this mode (opcode BINFLOAT); 2.x can."""
    if "weights_only" not in inspect.signature(torch.load).parameters:
        return False
    try:
        torch.load(path, weights_only=True)
    except pickle.UnpicklingError:
        return False
    return True


def check(nest, path):
    with tempfile.TemporaryDirectory() as folder:
        middle, last = f"{folder}/m.safetensors", f"{folder}/m.pt"
        subprocess.run([nest, "convert", path, middle], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([nest, "convert", middle, last], check=True, stdout=subprocess.DEVNULL)
        before, after = torch.load(path), torch.load(last)
        loaded = [after] + ([torch.load(last, weights_only=True)] if loads_weights_only(path) else [])
    state = before.get("model_state_dict", before.get("state_dict", before))
    for result in loaded:
        assert list(sorted(state)) == list(sorted(result["model_state_dict"])), path
        for name, tensor in state.items():
            assert same(tensor, result["model_state_dict"][name]), f"{path}: {name}"
        if "model_config" in before:
            assert plain(before["model_config"]) == result["model_config"], path
    return len(state), len(loaded) > 1


def main():
    nest, files = sys.argv[1], sys.argv[2:]
    files = files or sorted(str(p) for p in HERE.glob("*.pt"))
    results = [check(nest, path) for path in files]
    print(f"PyTorch {torch.__version__}: {len(files)} files, {sum(n for n, _ in results)} tensors bit-equal; "
          f"{sum(w for _, w in results)} files also with weights_only=True")


if __name__ == "__main__":
    main()
