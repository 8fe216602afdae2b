"""Golden values for the n-gram tests. Run: python generate.py (needs the module kenlm).

corpus.txt    random sentences of a small vocabulary (seeded)
model.arpa    modified Kneser-Ney trigram of the corpus, straight from the formulas of Chen & Goodman
              1998 with plain dictionaries (independent of src/decode/ngram_train.cc)
expected.json model values, and scores of model.arpa by KenLM word by word
"""
import collections
import json
import math
import random
import importlib.metadata

import kenlm

ORDER = 3


def corpus():
    rng = random.Random(5)
    lines = []
    for _ in range(200):
        at, line = rng.randrange(30), []
        for _ in range(rng.randrange(1, 9)):
            at = (at * 7 + rng.choice([1, 1, 1, 2, 3, 5, 8, 13])) % 30
            rare = rng.random() < 0.08
            line.append(f"w{rng.randrange(30, 120)}" if rare else f"w{at}")
        lines.append(" ".join(line))
    return lines


def train(lines):
    sentences = [["<s>"] + line.split() + ["</s>"] for line in lines]
    raw = [collections.Counter() for _ in range(ORDER + 1)]
    for s in sentences:
        for n in range(1, ORDER + 1):
            for i in range(len(s) - n + 1):
                raw[n][tuple(s[i:i + n])] += 1
    count = [None] * (ORDER + 1)
    count[ORDER] = dict(raw[ORDER])
    for n in range(1, ORDER):
        count[n] = {}
        for gram, c in raw[n].items():
            if gram[0] == "<s>":
                if n > 1:
                    count[n][gram] = c
            else:
                count[n][gram] = len({g[0] for g in raw[n + 1] if g[1:] == gram})
    discount = [None]
    for n in range(1, ORDER + 1):
        t = collections.Counter(count[n].values())
        y = t[1] / (t[1] + 2 * t[2])
        discount.append([0] + [i - (i + 1) * y * t[i + 1] / t[i] for i in (1, 2, 3)])
    vocab = sorted({g[0] for g in count[1]} | {"<unk>"})

    def followers(n, context):
        return {g: c for g, c in count[n].items() if g[:-1] == context}

    def gamma(n, context):
        f = followers(n, context)
        return sum(discount[n][min(c, 3)] for c in f.values()) / sum(f.values())

    cache = {}

    def prob(gram):
        if gram in cache:
            return cache[gram]
        n = len(gram)
        f = followers(n, gram[:-1])
        total = sum(f.values())
        c = f.get(gram, 0)
        own = (c - discount[n][min(c, 3)]) / total if c else 0.0
        lower = 1 / len(vocab) if n == 1 else prob(gram[1:])
        cache[gram] = own + gamma(n, gram[:-1]) * lower
        return cache[gram]

    grams = {1: [(w,) for w in vocab] + [("<s>",)]}
    for n in range(2, ORDER + 1):
        grams[n] = sorted(count[n])
    out = []
    for n in range(1, ORDER + 1):
        for g in grams[n]:
            p = -99.0 if g == ("<s>",) else math.log10(prob(g))
            b = math.log10(gamma(n + 1, g)) if n < ORDER and followers(n + 1, g) else 0.0
            out.append((n, g, p, b))
    return grams, out, discount


def write_arpa(path, grams, entries):
    with open(path, "w") as f:
        f.write("\\data\\\n")
        for n in grams:
            f.write(f"ngram {n}={len(grams[n])}\n")
        for n in grams:
            f.write(f"\n\\{n}-grams:\n")
            for k, g, p, b in entries:
                if k == n:
                    f.write(f"{p:.7g}\t{' '.join(g)}" + (f"\t{b:.7g}" if n < ORDER else "") + "\n")
        f.write("\n\\end\\\n")


lines = corpus()
open("corpus.txt", "w").write("\n".join(lines) + "\n")
grams, entries, discount = train(lines)
write_arpa("model.arpa", grams, entries)
model = kenlm.Model("model.arpa")
rng = random.Random(6)
tests = [rng.choice(lines) for _ in range(10)] + ["", "w1 oov w2", "oov oov", "w0 w1 w2 w3 w4 w5"]
tests += [" ".join(f"w{rng.randrange(30)}" for _ in range(rng.randrange(1, 10))) for _ in range(20)]
scores = [{"text": t, "log10": [p for p, _, _ in model.full_scores(t)],
           "total": model.score(t)} for t in tests]
json.dump({"generator": {"kenlm": importlib.metadata.version("kenlm")},
           "discounts": discount[1:],
           "sentences": scores}, open("expected.json", "w"), indent=1)
