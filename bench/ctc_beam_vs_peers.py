"""CTC prefix beam, 3-gram, 200 frames x 1000 tokens: this project beside open decoders, in one run.

usage: ctc_beam_vs_peers.py BUILD_DIR [--beam 50] [--repeats 30]
Peers (skipped with a line if not installed): flashlight-text with its KenLM, pyctcdecode.
Every decoder gets the same emissions, the same ARPA file and the same weight. "exact" gives a peer no
token or score pruning, which is what ours does by default; "pruned" 50 tokens a frame and 25 nats. Where a
peer finds other tokens, both are scored exactly (all alignments summed, plus the language model): higher is better.
"""
import argparse
import json
import math
import os
import statistics
import subprocess
import tempfile
import time

import numpy as np

FRAMES, VOCAB, WEIGHT = 200, 1000, 0.5


def emissions(kind, rng):
    x = rng.normal(0, 1.0 if kind == "peaked" else 2.0, (FRAMES, VOCAB))
    if kind == "peaked":  # as a trained model: mostly blank, now and then a token with rivals
        x[:, 0] += 9
        for t in range(0, FRAMES, 4):
            for token, gain in zip(rng.choice(np.arange(1, VOCAB), 4, replace=False), (11, 10, 9, 8)):
                x[t, token] += gain
    x -= np.log(np.exp(x).sum(1, keepdims=True))
    return x.astype(np.float32)


def lift_blank(x, rank):
    """Emissions in which the blank is the rank-th most likely token of every frame."""
    lifted = x.copy()
    lifted[:, 0] = np.sort(x, axis=1)[:, -rank]
    return lifted - np.log(np.exp(lifted).sum(1, keepdims=True))


def write_arpa(build, folder, rng):
    with open(f"{folder}/text.txt", "w") as f:
        for _ in range(20000):
            at, line = int(rng.integers(1, VOCAB)), []
            for _ in range(12):
                at = 1 + (at * 31 + int(rng.geometric(0.15))) % (VOCAB - 1)
                line.append(f"t{at}")
            f.write(" ".join(line) + "\n")
    subprocess.run([f"{build}/apps/nest/nest", "lm", "train", "--order", "3", "--text",
                    f"{folder}/text.txt", "--out", f"{folder}/lm.arpa"], check=True,
                   stdout=subprocess.DEVNULL)
    return f"{folder}/lm.arpa"


def total_score(x, tokens, arpa):
    """ln of the sum over all alignments of the tokens, plus the weighted language model: what a search maximises."""
    import kenlm
    states = [0] + [s for t in tokens for s in (t, 0)]
    alpha = np.full(len(states), -np.inf)
    alpha[0] = x[0, 0]
    alpha[1:2] = x[0, states[1]] if tokens else -np.inf
    may_skip = np.array([i > 1 and s != 0 and s != states[i - 2] for i, s in enumerate(states)])
    for row in x[1:]:
        one = np.concatenate(([-np.inf], alpha[:-1]))
        two = np.where(may_skip, np.concatenate(([-np.inf, -np.inf], alpha[:-2])), -np.inf)
        alpha = np.logaddexp(np.logaddexp(alpha, one), two) + row[states].astype(np.float64)
    ctc = np.logaddexp(alpha[-1], alpha[-2]) if tokens else alpha[-1]
    lm = kenlm.Model(arpa).score(" ".join(f"t{t}" for t in tokens), bos=True, eos=True)
    return float(ctc + WEIGHT * math.log(10) * lm)


def ours(build, npy, arpa, beam, repeats, limits=()):
    out = subprocess.run([f"{build}/bench/nest_bench_decode", npy, arpa, str(beam), str(WEIGHT),
                          str(repeats), *limits], check=True, capture_output=True, text=True).stdout
    result = json.loads(out)
    return result["ms"], result["score"], result["tokens"], result["lm_queries"]


def flashlight(x, arpa, folder, beam, repeats, exact):
    from flashlight.lib.text.decoder import (CriterionType, KenLM, LexiconFreeDecoder,
                                             LexiconFreeDecoderOptions)
    from flashlight.lib.text.dictionary import Dictionary
    names = [f"t{i}" for i in range(VOCAB)]
    tokens = Dictionary(names)
    options = LexiconFreeDecoderOptions(
        beam_size=beam, beam_size_token=VOCAB if exact else 50, beam_threshold=1e9 if exact else 25.0,
        lm_weight=WEIGHT * math.log(10), sil_score=0.0, log_add=True,
        criterion_type=CriterionType.CTC)
    decoder = LexiconFreeDecoder(options, KenLM(arpa, tokens), -1, 0, [])
    times = []
    for i in range(repeats + 1):
        start = time.perf_counter()
        result = decoder.decode(x.ctypes.data, FRAMES, VOCAB)[0]
        times.append(1e3 * (time.perf_counter() - start))
    ids = [t for i, t in enumerate(result.tokens) if i == 0 or t != result.tokens[i - 1]]
    return times[1:], result.score, [t for t in ids if t > 0]


def pyctc(x, arpa, folder, beam, repeats, exact):
    from pyctcdecode import build_ctcdecoder
    labels = [""] + [f"t{i} " for i in range(1, VOCAB)]
    decoder = build_ctcdecoder(labels, arpa, alpha=WEIGHT * math.log(10), beta=0)
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        decoder.decode(x, beam_width=beam, token_min_logp=-1e9 if exact else -5.0,
                       beam_prune_logp=-1e9 if exact else -10.0)
        times.append(1e3 * (time.perf_counter() - start))
    return times[1:], float("nan"), []


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--beam", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--blank-rank", type=int, default=0, help="flat emissions: rank of the blank in each frame")
    args = parser.parse_args()
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        arpa = write_arpa(args.build, folder, rng)
        for kind in ("peaked", "flat"):
            x = emissions(kind, rng)
            if kind == "flat" and args.blank_rank:
                x = lift_blank(x, args.blank_rank)
            x = np.ascontiguousarray(x)
            np.save(f"{folder}/{kind}.npy", x)
            base, score, tokens, queries = ours(args.build, f"{folder}/{kind}.npy", arpa, args.beam, args.repeats)
            median = statistics.median(base)
            print(f"{kind:7} nest exact            median {median:9.2f} ms  min {min(base):9.2f} ms  "
                  f"score {score:.4f}  {len(tokens)} tokens  {queries} look-ups of "
                  f"{FRAMES * args.beam * (VOCAB - 1)} prefixes", flush=True)
            pruned = ours(args.build, f"{folder}/{kind}.npy", arpa, args.beam, args.repeats, ("50", "25"))
            print(f"{kind:7} nest pruned           median {statistics.median(pruned[0]):9.2f} ms  "
                  f"min {min(pruned[0]):9.2f} ms  score {pruned[1]:.4f}  {pruned[3]} look-ups", flush=True)
            for name, peer in (("flashlight-text", flashlight), ("pyctcdecode", pyctc)):
                for exact in (True, False):
                    repeats = args.repeats if not exact else max(3, args.repeats // 10)
                    label = f"{name} {'exact' if exact else 'pruned'}"
                    if name == "pyctcdecode" and exact:
                        continue  # minutes a run: Python's cost a candidate, not the algorithm's
                    try:
                        times, s, t = peer(x, arpa, folder, args.beam, repeats, exact)
                    except ImportError as error:
                        print(f"{kind:7} {label}: SKIPPED, not installed ({error})", flush=True)
                        continue
                    m = statistics.median(times)
                    same = "" if not t else "  same tokens"
                    if t and t != tokens:
                        same = (f"  other tokens: total {total_score(x, t, arpa):.4f}, "
                                f"ours {total_score(x, tokens, arpa):.4f}")
                    print(f"{kind:7} {label:21} median {m:9.2f} ms  min {min(times):9.2f} ms  "
                          f"score {s:.4f}  {m / median:.1f}x ours{same}", flush=True)


if __name__ == "__main__":
    main()
