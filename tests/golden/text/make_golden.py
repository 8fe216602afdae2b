#!/usr/bin/env python3
"""Writes scores.json beside this file: what jiwer, sacrebleu and SciPy say.

Run in an environment with jiwer 4.0.0, sacrebleu 2.6.0, scipy 1.17.1, numpy 2.4.6:
    python make_golden.py
"""
import json
import pathlib
import random
import string

import jiwer
import numpy as np
import sacrebleu
import scipy
from jiwer import transforms as tr
from scipy import stats

WORDS = tr.Compose([tr.ReduceToListOfListOfWords()])
CHARS = tr.Compose([tr.ReduceToListOfListOfChars()])

HAND = [
    ("the quick brown fox jumps over the lazy dog", "the quick brown fox jumped over a lazy dog"),
    ("hello world", ""),
    ("", ""),
    ("", "spurious words here"),
    ("a", "a"),
    ("a", "b"),
    ("x", ""),
    ("a b", "b a"),
    ("a b c d", "b c d a"),
    ("naïve café über straße", "naive cafe uber strasse"),
    ("日本 語 テスト", "日本 語 テキスト"),
    ("emoji 🙂 test", "emoji 🙃 test here"),
    ("e\u0301t\u00e9", "\u00e9te\u0301"),
    ("Привет, мир!", "привет мир"),
    ("Hello, world. It's 3.14, isn't it? (Yes & no) 5-6 x-y", "hello world. its 3.14 isn't it?"),
    ("U.S. &quot;quoted&quot; &amp; 1,000.5 e.g., {braces} [x]...", "U.S. \"quoted\" & 1,000.5 e.g. {braces} [x]"),
    ("one two three four five six seven", "one two three four five six seven"),
    ("the cat sat on the mat", "the the the the the the the the"),
]


def random_pairs(rng):
    pairs = []
    for i in range(220):
        alphabet = "abc" if i % 2 else string.ascii_lowercase[:12]
        ref = [rng.choice(alphabet) for _ in range(rng.randint(1, 12))]
        hyp = list(ref) if i % 3 else [rng.choice(alphabet) for _ in range(rng.randint(0, 12))]
        for _ in range(rng.randint(0, 5)):
            where = rng.randrange(len(hyp) + 1)
            kind = rng.randrange(3)
            if kind == 0:
                hyp.insert(where, rng.choice(alphabet))
            elif hyp and where < len(hyp):
                if kind == 1:
                    del hyp[where]
                else:
                    hyp[where] = rng.choice(alphabet)
        pairs.append((" ".join(ref), " ".join(hyp)))
    # long enough for several 64-bit blocks
    for length in (63, 64, 65, 130, 200):
        ref = [rng.choice("abcdefgh") for _ in range(length)]
        hyp = [c for c in ref if rng.random() > 0.15]
        hyp = [rng.choice("abcdefgh") if rng.random() < 0.1 else c for c in hyp]
        pairs.append((" ".join(ref), " ".join(hyp)))
    return pairs


def counts(output):
    return [output.substitutions, output.deletions, output.insertions, output.hits]


def words_of(text):
    return text if text else []


def jiwer_counts(ref, hyp, transform):
    # jiwer turns "" into one empty token for word lists; an empty list is what is meant
    def apply(text):
        if not text:
            return [[]]
        return transform(text)
    ref_items, hyp_items = apply(ref), apply(hyp)
    output = jiwer.process_words(
        [ref], [hyp],
        reference_transform=lambda _: ref_items, hypothesis_transform=lambda _: hyp_items)
    return counts(output)


def corpus(pairs):
    refs = [r for r, _ in pairs]
    hyps = [h for _, h in pairs]

    def pick(transform):
        return lambda texts: [transform(t)[0] if t else [] for t in texts]
    words = jiwer.process_words(refs, hyps, pick(WORDS), pick(WORDS))
    chars = jiwer.process_words(refs, hyps, pick(CHARS), pick(CHARS))
    return {"wer": words.wer, "word_counts": counts(words), "cer": chars.wer, "char_counts": counts(chars)}


BLEU_SETTINGS = [
    {"tokenize": tok, "smooth_method": smooth, "smooth_value": value, "effective_order": eff}
    for tok in ("13a", "char", "none")
    for smooth, value in (("exp", None), ("floor", None), ("floor", 0.5), ("add-k", None), ("add-k", 0.3), ("none", None))
    for eff in (False, True)
]


def bleu(hyps, streams, setting):
    metric = sacrebleu.BLEU(**setting)
    score = metric.corpus_score(hyps, streams)
    return {**setting, "score": score.score, "bp": score.bp, "precisions": score.precisions,
            "sys_len": score.sys_len, "ref_len": score.ref_len}


def bleu_corpora(pairs):
    multi_refs = [
        ["the cat is on the mat", "a b c d", "It is a guide to action.", "one", "", "日本語 です"],
        ["there is a cat on the mat", "a b c d e f g h i", "It is the guiding principle.", None, "x", None],
        [None, "a b c", "It is the practical guide, for the army!", "one two", None, "日本 です"],
    ]
    multi_hyps = ["the cat on the mat is there", "a b c d e f g h", "It's a guide to action, for the army.", "one", "", "日本語 です"]
    sets = {
        "hand": ([h for _, h in HAND], [[r for r, _ in HAND]]),
        "random": ([h for _, h in pairs], [[r for r, _ in pairs]]),
        "multi": (multi_hyps, multi_refs),
        "one_character": (["a"], [["a"]]),
        "one_character_wrong": (["a"], [["b"]]),
        "empty_hypothesis": ([""], [["some words here"]]),
        "empty_reference": (["some words here"], [[""]]),
        "short": (["a b"], [["a b c"]]),
    }
    result = []
    for name, (hyps, streams) in sets.items():
        result.append({
            "name": name, "hypotheses": hyps,
            "references": [[s[i] for s in streams if s[i] is not None] for i in range(len(hyps))],
            "scores": [bleu(hyps, streams, s) for s in BLEU_SETTINGS],
        })
    return result


def tokens_13a():
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a
    texts = [t for pair in HAND for t in pair] + [
        "a..b", "a.,b", "..", ".5", "5.", "1.5.2", "3,a", "a,3", "1-2-3", "a-1", "-5", "don't", "x&amp;lt;y",
        "tab\there", "nbsp\u00a0here", "é.é", "日。本.", "<skipped>word", "50%", "$5.00", "a/b", "^~`|\\", "\"q\"."]
    return [{"text": t, "tokens": Tokenizer13a()(t.rstrip()).split()} for t in texts]


def bca():
    rng = np.random.default_rng(3)
    n = 40
    length = rng.integers(1, 12, n)
    errors = np.minimum(rng.poisson(1.5, n), length)

    def ratio(e, l, axis=-1):
        return e.sum(axis=axis) / l.sum(axis=axis)
    entry = {"errors": errors.tolist(), "lengths": length.tolist()}
    for method in ("percentile", "BCa"):
        result = stats.bootstrap((errors, length), ratio, paired=True, vectorized=True, n_resamples=999,
                                 method=method, confidence_level=0.95, rng=np.random.default_rng(5))
        entry["replicates"] = result.bootstrap_distribution.tolist()
        entry[method] = [result.confidence_interval.low, result.confidence_interval.high]
    entry["standard_error"] = result.standard_error
    return entry


def quantiles():
    p = [1e-300, 1e-20, 1e-9, 0.001, 0.025, 0.2, 0.49999, 0.5, 0.7, 0.975, 0.9999999]
    return {"p": p, "x": [float(stats.norm.ppf(v)) for v in p]}


def main():
    pairs = random_pairs(random.Random(11))
    everything = HAND + pairs
    data = {
        "versions": {"jiwer": "4.0.0", "sacrebleu": sacrebleu.__version__, "scipy": scipy.__version__,
                     "numpy": np.__version__},
        "pairs": [{"reference": r, "hypothesis": h, "words": jiwer_counts(r, h, WORDS),
                   "characters": jiwer_counts(r, h, CHARS)} for r, h in everything],
        "corpora": [{"first": a, "last": b, **corpus(everything[a:b])}
                    for a, b in ((0, len(everything)), (0, len(HAND)), (4, 6), (9, 15), (0, 2))],
        "bleu": bleu_corpora(pairs),
        "tokens_13a": tokens_13a(),
        "bootstrap": bca(),
        "normal_quantile": quantiles(),
    }
    path = pathlib.Path(__file__).with_name("scores.json")
    path.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
