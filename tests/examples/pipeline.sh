#!/usr/bin/env bash
# The performance pipeline on a small model and little data: every step works, the package verifies, and the table has
# what is promised beside what was reached.
#   tests/examples/pipeline.sh <nest command>
set -euo pipefail
nest=$(realpath "$1")
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
  cat log >&2
  echo "$*" >&2
  exit 1
}
"$nest" synth --output data --seed 2 --rate 125 --sentences 30 >/dev/null
EPOCHS=1 BATCH=8 ROUNDS=1 SAMPLES=500 "$source/examples/pipeline/pipeline.sh" "$nest" "$source/models/synth_ctc.pt" data out \
  >log 2>&1 || fail "the pipeline stopped"
for file in out/model.onnx out/optimized.prepared out/package/manifest.json out/compare.txt; do
  [ -s "$file" ] || fail "there is no $file"
done
smaller=$(sed -n 's/^| size of the file |.*| \([0-9.]*\)x | 10-15x |$/\1/p' out/promises.txt)
python3 -c "exit(not $smaller >= 8)" || fail "half of the units gone and 8 bits: only $smaller times smaller"
[ "$(grep -c '^| [a-z]' out/promises.txt)" = 5 ] || fail "the table has not five rows"
