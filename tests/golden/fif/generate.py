#!/usr/bin/env python3
"""Small FIF files written by MNE-Python, and what MNE reads from them: tests/io/fif_golden_test.cc.

    python3 generate.py        needs mne (1.13); writes *_raw.fif and golden.json beside itself

A value in golden.json is at `position` of what this project reads; where MNE fills an acquisition skip with zeros, this
project has a gap, so the position in MNE's array is that of the sample's time.
"""
import datetime
import json
import pathlib

import mne
import numpy as np

mne.set_log_level("ERROR")
HERE = pathlib.Path(__file__).resolve().parent
RATE = 100.0


def make_raw(seed, names=None, types=None, samples=400, first=0, date=True):
    names = names or ["Fp1", "Fp2", "Cz", "O1", "O2", "VEOG", "ECG", "STI 014"]
    types = types or ["eeg"] * 5 + ["eog", "ecg", "stim"]
    info = mne.create_info(names, RATE, types)
    rng = np.random.default_rng(seed)
    data = rng.normal(size=(len(names), samples)) * 20e-6
    for row, kind in enumerate(types):
        if kind == "stim":
            data[row] = rng.integers(0, 5, samples)
    raw = mne.io.RawArray(data, info, first_samp=first)
    if date:
        raw.set_meas_date(datetime.datetime(2024, 3, 5, 6, 7, 8, 250000, tzinfo=datetime.timezone.utc))
    return raw


def annotate(raw, onsets, durations, texts, names=None):
    """Onsets count from the first sample."""
    raw.set_annotations(mne.Annotations(np.array(onsets) + (raw.first_time if raw.info["meas_date"] else 0), durations, texts,
                                        orig_time=raw.info["meas_date"], ch_names=names))
    return raw


def forget_folder(path):
    """The second part of a split file names the first one by its whole path; the name is enough."""
    folder = (str(HERE) + "/").encode()
    path.write_bytes(path.read_bytes().replace(folder, (b"./" * len(folder))[:len(folder) - 1] + b"/"))


def files():
    """(name, raw, options of save)"""
    yield "single", annotate(make_raw(1), [0.5, 2.25], [1.0, 0.5], ["the cat sat", "Comment/a dog: ran"]), {}
    yield "double", make_raw(2), {"fmt": "double"}
    yield "short", make_raw(3), {"fmt": "short"}
    yield "int", make_raw(4), {"fmt": "int"}
    yield "late_first_sample", annotate(make_raw(5, first=1234), [1.0], [0.25], ["späte Probe"]), {}
    yield "no_date", annotate(make_raw(6, first=50, date=False), [0.75], [0.5], ["no date"]), {}
    bad = make_raw(7)
    bad.info["bads"] = ["Cz", "VEOG"]
    yield "bad_channels", annotate(bad, [1.0], [0.0], ["on one"], [("O1",)]), {}
    long_names = [f"a very long electrode name {i}" for i in range(3)]
    long = make_raw(8, long_names, ["eeg", "eeg", "misc"])
    long.info["bads"] = [long_names[1]]
    yield "long_names", long, {}
    yield "skip", annotate(make_raw(9, samples=1000), [0.2, 3.0, 9.0], [0.3, 4.0, 0.5], ["before", "BAD_ACQ_SKIP", "after"]), {
        "buffer_size_sec": 1.0}
    yield "split", annotate(make_raw(10, samples=3000), [25.0], [1.0], ["in a later part"]), {
        "split_size": 2**20 + 30_000, "buffer_size_sec": 1.0, "fmt": "short"}


def skipped(raw):
    """True for samples of MNE's array that the file does not hold."""
    mask = np.zeros(raw.n_times, bool)
    for note in raw.annotations:
        if note["description"] == "BAD_ACQ_SKIP":
            start = round((note["onset"] - raw.first_time) * RATE)
            mask[start:start + round(note["duration"] * RATE)] = True
    return mask


def describe(path):
    raw = mne.io.read_raw_fif(path, preload=True)
    data = raw.get_data()
    held = np.flatnonzero(~skipped(raw))
    picks = np.unique(np.linspace(0, len(held) - 1, 20).astype(int))
    date = raw.info["meas_date"]
    return {
        "channels": raw.ch_names,
        "types": raw.get_channel_types(),
        "bads": raw.info["bads"],
        "rate_hz": float(raw.info["sfreq"]),
        "num_samples": len(held),
        "start_time": (date + datetime.timedelta(seconds=raw.first_time)).strftime("%Y-%m-%dT%H:%M:%S.%f") if date else "",
        "positions": picks.tolist(),
        "times_s": (held[picks] / RATE).tolist(),
        "values": data[:, held[picks]].tolist(),
        "sum_abs": np.abs(data[:, held]).sum(axis=1).tolist(),
        "annotations": [{"onset_s": float(a["onset"]) - raw.first_time, "duration_s": float(a["duration"]), "text": str(a["description"]),
                         "channels": list(a.get("ch_names", ()))} for a in raw.annotations if a["description"] != "BAD_ACQ_SKIP"],
    }


def main():
    golden = {"tool": f"mne {mne.__version__}, numpy {np.__version__}", "files": {}}
    for name, raw, options in files():
        path = HERE / f"{name}_raw.fif"
        raw.save(path, overwrite=True, **options)
        for part in HERE.glob(f"{path.stem}*.fif"):
            forget_folder(part)
        golden["files"][path.name] = describe(path)
    (HERE / "golden.json").write_text(json.dumps(golden, separators=(",", ":")).replace('},"', '},\n"') + "\n")


if __name__ == "__main__":
    main()
