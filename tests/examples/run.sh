#!/usr/bin/env bash
# Installs the core library into a folder of its own, builds the examples against it, runs them on
# generated data with the model of the repository, and checks what they print.
#   tests/examples/run.sh <build folder> <C++ compiler> <nest command>
set -euo pipefail
build=$1 compiler=$2 nest=$3
source=$(cd "$(dirname "$0")/../.." && pwd)
model=$source/models/synth_ctc.pt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "$*" >&2
  exit 1
}
# same <what> <expected file> <found file>
same() {
  diff "$2" "$3" >&2 || fail "$1: the outputs above differ"
}

cmake --install "$build" --prefix "$work/prefix" --component nest_core >/dev/null
for half in nn train; do
  [ ! -e "$work/prefix/include/nest/$half" ] || fail "the core component installs headers of $half"
done
cmake -S "$source/examples" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" \
  -DCMAKE_CXX_COMPILER="$compiler" >/dev/null
cmake --build "$work/build" -j 2 >/dev/null
cd "$work"
bin=$work/build
for example in "$bin"/evaluate "$bin"/beam_search "$bin"/decode_array "$bin"/embed_runtime "$bin"/custom_source; do
  ! ldd "$example" | grep -qi torch || fail "$example needs LibTorch"
done

"$nest" synth --out data --seed 1 --rate 125 --sentences 60 >/dev/null
first=$(head -n 1 data/manifest.jsonl)
text=$(sed -E 's/.*"text":"([^"]*)".*/\1/' <<<"$first")
signal=data/$(sed -E 's/.*"signal":"([^"]*)".*/\1/' <<<"$first")
echo "$text" >text

# evaluate: what `nest decode` prints for the same precision and beam.
"$bin/evaluate" "$model" data >evaluate.out
"$nest" decode --model "$model" --data data --split test --executor native --precision int8 --beam 4 >decode.out
same evaluate <(cut -f 1,2 decode.out) <(grep -v '^[WC]ER ' evaluate.out)
grep -qE '^WER [0-9.]+ %$' evaluate.out || fail "evaluate printed no word error rate"

# embed_runtime: the sentence that the signal holds.
"$bin/embed_runtime" "$model" "$signal" emissions.npy >embed.out
same embed_runtime text embed.out
"$nest" convert --precision int8 "$model" model.prepared >/dev/null
"$bin/embed_runtime" model.prepared "$signal" emissions.npy >embed.out
same "embed_runtime, prepared" text embed.out

# beam_search: three hypotheses, best first, the sentence on top; a language model reorders none of
# the best, but is counted.
sed -E 's/.*"text":"([^"]*)".*/\1/' data/manifest.jsonl >corpus.txt
"$nest" lm train --text corpus.txt --order 2 --out lm.arpa >/dev/null
"$bin/beam_search" "$model" emissions.npy >beam.out
"$bin/beam_search" "$model" emissions.npy lm.arpa >beam_lm.out
for out in beam.out beam_lm.out; do
  [ "$(wc -l <"$out")" = 3 ] || fail "$out has not three hypotheses"
  sort -rg "$out" | diff - "$out" >&2 || fail "$out is not sorted by score"
  same "$out" text <(head -n 1 "$out" | cut -c 23-)
done
[ "$(head -n 1 beam.out | cut -c 1-9)" != "$(head -n 1 beam_lm.out | cut -c 1-9)" ] || fail "the language model changed no score"

# custom_source: what `nest stream` prints for the same samples from an EDF file.
"$nest" synth --recording live.edf --recording-sentences 2 --seed 1 --rate 125 >/dev/null
"$nest" convert live.edf live.npy >/dev/null
"$bin/custom_source" "$model" live.npy >custom.out 2>/dev/null
"$nest" stream --model "$model" --source file:live.edf --window 4 --hop 0.512 --lookahead 1 >stream.out
grep -q '[a-z]' stream.out || fail "nest stream printed no text"
same custom_source stream.out custom.out

# decode_array: what `nest decode` finds in the same samples.
names=$(tr -d ' \n"' <data/dataset.json | sed -E 's/.*channels:\[([^]]*)\].*/\1/; s/,/ /g')
# shellcheck disable=SC2086
"$bin/decode_array" "$model" live.npy 125 V $names >array.out
"$nest" decode --model "$model" --input live.npy --rate 125 --unit V | cut -f 2 >whole.out
grep -q '[a-z]' whole.out || fail "nest decode printed no text"
same decode_array whole.out array.out

# embed_runtime: a model with fixed normalisation runs like any other.
cat >fixed.yaml <<CONTRACT
rate_hz: 125
channels: [${names// /, }]
normalization: fixed
mean: [$(printf '0, %.0s' {1..18})0]
stddev: [$(printf '0.00001, %.0s' {1..18})0.00001]
CONTRACT
"$nest" convert "$model" fixed.pt --contract fixed.yaml >/dev/null
"$bin/embed_runtime" fixed.pt "$signal" emissions.npy >embed.out
grep -q '[a-z]' embed.out || fail "embed_runtime printed no text for a model with fixed normalisation"

# Errors: one line, and the exit code of the command contract.
code=0
"$bin/evaluate" "$work/missing.pt" data 2>error.out || code=$?
[ "$code" = 3 ] || fail "a missing model ended with exit code $code, not 3"
grep -q 'missing.pt' error.out || fail "the error does not name the file"
