#!/usr/bin/env bash
# The walk of docs/own-recordings.md in a temporary folder: it says what it left out, its audit passes, and the streamed
# text of a person that nobody trained on is near to what that person said.
#   tests/examples/own_recordings.sh <nest command>
set -euo pipefail
nest=$(realpath "$1")
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  cat "$work/log" >&2
  echo "$*" >&2
  exit 1
}
"$source/examples/own_recordings/walk.sh" "$nest" "$work/walk" >"$work/log" 2>&1 || fail "the walk stopped"
cd "$work/walk"
[ "$(grep -c ': 8 channels; left out: VEOG (eog), STI 014 (stim)$' ../log)" = 1 ] ||
  fail "the import does not say once which channels it left out"
grep -q '150 utterances of 6 recordings; ' ../log || fail "the import did not take every sentence of six recordings"
"$nest" inspect run/best.pt --json | grep '"case": "lower"' >/dev/null || fail "the model does not know how its texts are spelled"
grep -q '"verdict": "pass"' audit.json || fail "the audit did not pass"
python3 - <<'PYTHON' || fail "the streamed text is not what was said"
import json
lines = [json.loads(line) for line in open("data/manifest.jsonl")]
said = [line["text"] for line in lines if line["signal"].endswith("s01_r2.vhdr")]
streamed = json.loads(open("events.jsonl").readlines()[-1])["summary"]["text"]
open("said.txt", "w").write(" ".join(said) + "\n")
open("streamed.txt", "w").write(" ".join(streamed.split()) + "\n")  # a sentence a line
PYTHON
rate=$("$nest" score --ref said.txt --hyp streamed.txt --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["score"]["cer"]["value"])')
python3 -c "exit(not $rate < 0.35)" || fail "the streamed text has a character error rate of $rate"
