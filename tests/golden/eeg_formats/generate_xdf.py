#!/usr/bin/env python3
"""What pyxdf reads from the shared XDF file: golden values for tests/io/eeg_golden_test.cc.

Run with pyxdf and NumPy installed:  python3 generate_xdf.py SHARED_DATA_FOLDER
Writes xdf_golden.json beside itself: of the chosen stream the channels' number, rate, length, 25
sample positions with the values of every channel, and per-channel sums.
"""
import json
import pathlib
import sys

import numpy as np
import pyxdf

HERE = pathlib.Path(__file__).resolve().parent


def describe(path: pathlib.Path) -> dict:
    streams, _ = pyxdf.load_xdf(str(path))
    # as nest chooses: most channels, then the highest rate
    numeric = [s for s in streams if isinstance(s["time_series"], np.ndarray)]
    stream = max(numeric, key=lambda s: (s["time_series"].shape[1], float(s["info"]["nominal_srate"][0])))
    data = np.asarray(stream["time_series"], dtype=np.float64)
    positions = np.unique(np.linspace(0, len(data) - 1, 25).astype(int))
    return {
        "stream": stream["info"]["name"][0],
        "num_channels": int(data.shape[1]),
        "num_samples": int(data.shape[0]),
        "rate_hz": float(stream["info"]["nominal_srate"][0]),
        "positions": positions.tolist(),
        "values": data[positions].T.tolist(),
        "sum_abs": np.abs(data).sum(axis=0).tolist(),
    }


def main() -> None:
    shared = pathlib.Path(sys.argv[1])
    golden = {"tool": f"pyxdf {pyxdf.__version__}, numpy {np.__version__}"}
    golden["files"] = {name: describe(shared / name) for name in ("formats/eeglab/test.xdf",)}
    (HERE / "xdf_golden.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
