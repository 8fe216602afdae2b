#!/usr/bin/env python3
"""What MNE-Python reads from the shared EEG files: golden values for tests/io/eeg_golden_test.cc.

Run with Debian's python3-mne:  /usr/bin/python3 generate.py SHARED_DATA_FOLDER
Writes golden.json beside itself: for every file the channels, rate, length, annotations, 25 sample
positions with the values of every channel (volts where MNE knows the unit) and per-channel sums.
"""
import json
import pathlib
import sys

import mne
import numpy as np

mne.set_log_level("ERROR")
HERE = pathlib.Path(__file__).resolve().parent


def raw_of(path: pathlib.Path):
    readers = {".edf": mne.io.read_raw_edf, ".bdf": mne.io.read_raw_bdf, ".gdf": mne.io.read_raw_gdf,
               ".vhdr": mne.io.read_raw_brainvision, ".set": mne.io.read_raw_eeglab}
    return readers[path.suffix](path, preload=True)


def describe(path: pathlib.Path) -> dict:
    raw = raw_of(path)
    names = [n for n in raw.ch_names if n != "Status"]  # MNE masks the status channel
    data = raw.get_data(picks=names)
    positions = np.unique(np.linspace(0, data.shape[1] - 1, 25).astype(int))
    notes = sorted(({"onset_s": float(a["onset"]), "duration_s": float(a["duration"]),
                     "text": str(a["description"])} for a in raw.annotations),
                   key=lambda a: a["onset_s"])
    return {
        "channels": names,
        "rate_hz": float(raw.info["sfreq"]),
        "num_samples": int(data.shape[1]),
        "positions": positions.tolist(),
        "values": [[float(f"{v:.12g}") for v in row] for row in data[:, positions]],
        "sum_abs": [float(f"{v:.12g}") for v in np.abs(data).sum(axis=1)],
        "annotations": notes,
    }


def main() -> None:
    shared = pathlib.Path(sys.argv[1])
    files = sorted((shared / "ssvep-exo").glob("*.edf"))
    files = files[:3] + files[-1:]
    files += [shared / "formats" / name for name in (
        "eeglab/test.edf", "eeglab/test.bdf", "eeglab/testbva.vhdr", "eeglab/eeglab_data.set",
        "gdf/s01_r1.gdf", "gdf/s07_r2.gdf")]
    golden = {"tool": f"mne {mne.__version__}, numpy {np.__version__}",
              "files": {str(f.relative_to(shared)): describe(f) for f in files}}
    text = json.dumps(golden, indent=None, separators=(",", ":"))
    (HERE / "golden.json").write_text(text.replace('},"', '},\n"') + "\n")


if __name__ == "__main__":
    main()
