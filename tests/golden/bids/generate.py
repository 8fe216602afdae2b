#!/usr/bin/env python3
"""A small BIDS dataset written by MNE-BIDS: tests/data/import_recordings_test.cc.

    python3 generate.py        needs mne (1.13), mne-bids (0.20) and pybv; writes dataset/ beside itself

Two people, two sessions; EOG, ECG and trigger channels; one bad channel; sentences as events.
"""
import pathlib
import shutil

import mne
import mne_bids
import numpy as np

mne.set_log_level("ERROR")
HERE = pathlib.Path(__file__).resolve().parent
RATE = 100.0
NAMES = ["Fp1", "Fp2", "Cz", "O1", "VEOG", "ECG", "STI 014"]
TYPES = ["eeg"] * 4 + ["eog", "ecg", "stim"]


def make_raw(seed):
    rng = np.random.default_rng(seed)
    raw = mne.io.RawArray(rng.normal(size=(len(NAMES), 600)) * 20e-6, mne.create_info(NAMES, RATE, TYPES))
    raw.info["line_freq"] = 50
    raw.set_annotations(mne.Annotations([0.5, 2.0, 4.0], [1.0, 1.5, 0.5], ["the cat sat", "A dog ran!", "BAD_blink"]))
    return raw


def main():
    root = HERE / "dataset"
    shutil.rmtree(root, ignore_errors=True)
    seed = 0
    for subject in ("01", "02"):
        for session in ("a", "b"):
            seed += 1
            raw = make_raw(seed)
            if (subject, session) == ("02", "a"):
                raw.info["bads"] = ["O1"]
            path = mne_bids.BIDSPath(subject=subject, session=session, task="read", root=root, datatype="eeg")
            mne_bids.write_raw_bids(raw, path, allow_preload=True, format="BrainVision", overwrite=True, verbose=False)


if __name__ == "__main__":
    main()
