#!/usr/bin/env python3
"""Recordings of three people in two sessions, as three laboratories would have saved them.

    make_recordings.py CORPUS OUT

CORPUS is a folder that `nest synth --output` wrote (signals of sentences, one file each). The sentences of a person and a
session become one continuous recording with what real recordings have and a model must not see: an EOG channel with
blinks, a trigger channel, a stretch marked BAD, a "New Segment". Sentences are annotations. Everybody has a format:
BrainVision, EDF+, FIF (as MNE-Python writes it). Nothing but the standard library is used.
"""
import array
import json
import os
import random
import re
import struct
import sys

FORMATS = ["bv", "edf", "fif"]


def read_npy(path):
    """Rows of a float32 array [channels, samples]."""
    with open(path, "rb") as file:
        raw = file.read()
    at = 10 + struct.unpack("<H", raw[8:10])[0]
    rows, columns = map(int, re.search(rb"\((\d+), (\d+)\)", raw[:at]).groups())
    values = array.array("f", raw[at:])
    return [values[row * columns:(row + 1) * columns] for row in range(rows)]


def read_corpus(folder):
    """{(subject, session): (channel names, rate, samples in volts, [(onset, duration, text)])}"""
    with open(os.path.join(folder, "dataset.json"), encoding="utf-8") as file:
        signal = json.load(file)["signal"]
    rate, names = signal["rate_hz"], signal["channels"]
    recordings = {}
    with open(os.path.join(folder, "manifest.jsonl"), encoding="utf-8") as file:
        for line in map(json.loads, file):
            key = (line["subject"], line["session"])
            _, _, samples, notes = recordings.setdefault(key, (names, rate, [array.array("f") for _ in names], []))
            rows = read_npy(os.path.join(folder, line["signal"]))
            notes.append((len(samples[0]) / rate, len(rows[0]) / rate, line["text"].capitalize() + "."))
            for row, more in zip(samples, rows):
                row.extend(more)
    for _, _, samples, _ in recordings.values():
        for row in samples:
            row.extend([0.0] * (-len(row) % int(rate)))  # whole seconds, as EDF has them
    return recordings


def add_other_channels(names, rate, samples, notes, seed):
    """An EOG channel with a blink every few seconds, and triggers at the sentences."""
    rng, length = random.Random(seed), len(samples[0])
    eog, trigger = [rng.gauss(0, 5e-6) for _ in range(length)], [0.0] * length
    at = rng.uniform(1, 4)
    while (at + 0.4) * rate < length:
        for k in range(int(0.4 * rate)):
            eog[int(at * rate) + k] += 300e-6 * (1 - abs(k / (0.2 * rate) - 1))
        at += rng.uniform(2, 6)
    for onset, _, _ in notes:
        for k in range(5):
            trigger[min(length - 1, int(onset * rate) + k)] = 1.0
    return names + ["VEOG", "STI 014"], [*samples, eog, trigger]


def marks(notes, length_s):
    """Annotations that are no sentences."""
    return sorted(notes + [(0.0, 0.0, "New Segment/"), (max(0.0, length_s - 0.5), 0.25, "BAD_muscle")])


def write_brainvision(stem, names, rate, samples, notes):
    name = stem.rsplit("/", 1)[-1]
    channels = "\n".join(f"Ch{i + 1}={n},,1,{'' if n.startswith('STI') else 'µV'}" for i, n in enumerate(names))
    with open(stem + ".vhdr", "w", encoding="utf-8") as out:
        out.write("Brain Vision Data Exchange Header File Version 1.0\n\n[Common Infos]\nCodepage=UTF-8\n"
                  f"DataFile={name}.eeg\nMarkerFile={name}.vmrk\nDataFormat=BINARY\nDataOrientation=MULTIPLEXED\n"
                  f"NumberOfChannels={len(names)}\nSamplingInterval={1e6 / rate:.10g}\n\n[Binary Infos]\n"
                  f"BinaryFormat=IEEE_FLOAT_32\n\n[Channel Infos]\n{channels}\n")
    with open(stem + ".vmrk", "w", encoding="utf-8") as out:
        out.write("Brain Vision Data Exchange Marker File, Version 1.0\n\n[Common Infos]\nCodepage=UTF-8\n"
                  f"DataFile={name}.eeg\n\n[Marker Infos]\n")
        for i, (onset, duration, text) in enumerate(notes):
            kind, text = ("New Segment", "") if text.startswith("New Segment") else ("Comment", text.replace(",", "\\1"))
            out.write(f"Mk{i + 1}={kind},{text},{round(onset * rate) + 1},{max(1, round(duration * rate))},0\n")
    scale = [1.0 if n.startswith("STI") else 1e6 for n in names]
    with open(stem + ".eeg", "wb") as out:
        for k in range(len(samples[0])):
            out.write(struct.pack(f"<{len(names)}f", *(s[k] * f for s, f in zip(samples, scale))))


def write_edf(path, names, rate, samples, notes):
    per_record, records = int(rate), len(samples[0]) // int(rate)
    tals = [[] for _ in range(records)]
    for onset, duration, text in notes:
        tals[min(records - 1, int(onset))].append(f"+{onset:.4f}\x15{duration:.4f}\x14{text}\x14\0".encode())
    tals = [f"+{r}\x14\x14\0".encode() + b"".join(texts) for r, texts in enumerate(tals)]
    width = (max(map(len, tals)) + 1) // 2 * 2
    ranges = [max(1e-6, max(abs(v) for v in s)) for s in samples]
    rows = [(f"EEG {n}" if n not in ("VEOG", "STI 014") else n, "" if n.startswith("STI") else "uV", r, per_record)
            for n, r in zip(names, ranges)] + [("EDF Annotations", "", 1.0, width // 2)]
    ranges = [r if u == "" else float(f"{r * 1e6:.6g}"[:8]) for _, u, r, _ in rows]

    def column(values, w):
        return "".join(str(v)[:w].ljust(w) for v in values)

    count = len(rows)
    head = (column(["0"], 8) + column(["X X X X"], 80) + column(["Startdate X X X X"], 80) + "01.01.2400.00.00" +
            column([256 * (count + 1)], 8) + column(["EDF+C"], 44) + column([records], 8) + column([1], 8) + column([count], 4))
    head += (column([r[0] for r in rows], 16) + column([""] * count, 80) + column([r[1] for r in rows], 8) +
             column([f"{-r:.6g}" for r in ranges], 8) + column([f"{r:.6g}" for r in ranges], 8) +
             column([-32767] * count, 8) + column([32767] * count, 8) + column([""] * count, 80) +
             column([r[3] for r in rows], 8) + column([""] * count, 32))
    with open(path, "wb") as out:
        out.write(head.encode("ascii"))
        for r in range(records):
            for s, row, limit in zip(samples, rows, ranges):
                scale = 32767 / limit * (1e6 if row[1] == "uV" else 1)
                part = s[r * per_record:(r + 1) * per_record]
                out.write(array.array("h", [max(-32767, min(32767, round(v * scale))) for v in part]).tobytes())
            out.write(tals[r].ljust(width, b"\0"))


def write_fif(path, names, rate, samples, notes):
    def tag(kind, type_, data, next_=0):
        return struct.pack(">iiii", kind, type_, len(data), next_) + data

    def block(kind, content):
        return tag(104, 3, struct.pack(">i", kind)) + content + tag(105, 3, struct.pack(">i", kind))

    def channel(i, name):
        kind = {"VEOG": 202, "STI 014": 3}.get(name, 2)
        return tag(203, 30, struct.pack(">iiiffi12fii16s", i + 1, i + 1, kind, 1, 1, 1, *[0] * 12, 107, 0, name.encode()))

    info = tag(200, 3, struct.pack(">i", len(names))) + tag(201, 4, struct.pack(">f", rate))
    info += b"".join(channel(i, n) for i, n in enumerate(names))
    onsets = struct.pack(f">{len(notes)}f", *(n[0] for n in notes))
    ends = struct.pack(f">{len(notes)}f", *(n[0] + n[1] for n in notes))
    texts = ":".join(n[2].replace(":", "{COLON}") for n in notes).encode("latin1", "xmlcharrefreplace")
    annotations = block(3810, tag(3568, 4, onsets) + tag(3569, 4, ends) + tag(206, 10, texts))
    step, data = int(rate), b""
    for begin in range(0, len(samples[0]), step):
        rows = zip(*(s[begin:begin + step] for s in samples))
        data += tag(300, 4, b"".join(struct.pack(f">{len(names)}f", *row) for row in rows))
    with open(path, "wb") as out:
        no_directory = tag(101, 3, struct.pack(">i", -1))
        out.write(tag(100, 31, bytes(20)) + no_directory + block(100, block(101, info) + annotations + block(102, tag(208, 3, bytes(4)) + data)))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    recordings, out = read_corpus(sys.argv[1]), sys.argv[2]
    os.makedirs(out, exist_ok=True)
    people = sorted({subject for subject, _ in recordings})
    for seed, ((subject, session), (names, rate, samples, notes)) in enumerate(sorted(recordings.items())):
        names, samples = add_other_channels(names, rate, samples, notes, seed)
        notes = marks(notes, len(samples[0]) / rate)
        stem = os.path.join(out, f"{subject}_{session}")
        kind = FORMATS[people.index(subject) % len(FORMATS)]
        if kind == "bv":
            write_brainvision(stem, names, rate, samples, notes)
        elif kind == "edf":
            write_edf(stem + ".edf", names, rate, samples, notes)
        else:
            write_fif(stem + "_raw.fif", names, rate, samples, notes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
