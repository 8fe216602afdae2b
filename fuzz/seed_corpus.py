#!/usr/bin/env python3
"""Writes the first inputs of fuzz/corpus from tests/golden/weights (run generate.py there before)."""
import io
import pathlib
import shutil
import zipfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent
GOLDEN = ROOT.parent / "tests/golden/weights"
LIMIT = 8192
SLOW = ("laughs", "many_copies")  # fill their budgets on purpose; tests/io has them

for name in ("npy", "pytorch", "safetensors"):
    (ROOT / "corpus" / name).mkdir(parents=True, exist_ok=True)
for path in sorted(GOLDEN.rglob("*.pt")):
    if path.stat().st_size > LIMIT or path.stem in SLOW:
        continue
    shutil.copy(path, ROOT / "corpus/pytorch" / path.stem)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as z:
            for member in z.namelist():
                if member.endswith("data.pkl"):
                    (ROOT / "corpus/pytorch" / (path.stem + "_pickle")).write_bytes(b"p" + z.read(member))
for path in sorted(GOLDEN.rglob("*.safetensors")):
    if path.stat().st_size <= LIMIT:
        shutil.copy(path, ROOT / "corpus/safetensors" / path.stem)
for dtype in ("<f4", ">f8", "<f2", "|i1", "|u1", ">i2", "<i4", "<i8", "|b1", "<c8"):
    for order in "CF":
        out = io.BytesIO()
        np.save(out, np.asarray(np.arange(6).reshape(2, 3), dtype=dtype, order=order))
        (ROOT / "corpus/npy" / f"{dtype[1:]}_{order}").write_bytes(out.getvalue())
