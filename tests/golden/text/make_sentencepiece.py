#!/usr/bin/env python3
"""A small SentencePiece model and what the Python package does with it.

Run with the package sentencepiece installed:  python3 make_sentencepiece.py
Writes sentencepiece.model and sentencepiece.json beside itself. The text is the list below.
"""
import io
import json
import pathlib

import sentencepiece

HERE = pathlib.Path(__file__).resolve().parent
WORDS = ("the old doctor reads a long letter while her brother sings in the quiet garden and every "
         "small child hears that song again").split()
TEXTS = ["the doctor reads", "a long song", "every child sings in the garden", "zebra", "", "Größe é",
         "  two  blanks "]


def main() -> None:
    lines = [" ".join(WORDS[(i * k) % len(WORDS)] for k in range(1, 7)) for i in range(1, 60)]
    content = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=content, vocab_size=44, pad_id=0, unk_id=1,
        bos_id=2, eos_id=3, minloglevel=2, num_threads=1,
        normalization_rule_name="identity")
    (HERE / "sentencepiece.model").write_bytes(content.getvalue())
    model = sentencepiece.SentencePieceProcessor(model_proto=content.getvalue())
    golden = {
        "tool": f"sentencepiece {sentencepiece.__version__}",
        "size": model.get_piece_size(),
        "texts": [{"text": text, "ids": model.encode(text), "decoded": model.decode(model.encode(text))}
                  for text in TEXTS],
    }
    (HERE / "sentencepiece.json").write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
