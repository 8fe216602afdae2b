#!/usr/bin/env bash
# The main job on a model and a dataset: evaluate on every executor and precision -> audit -> stream a
# recording -> report -> one table. Used by demo.sh and demo_real.sh.
#   tools/main_job.sh NEST MODEL DATA RECORDING OUT
# From the environment: AUDIT (extra flags of nest audit), STREAM (extra flags of nest stream),
# LIVE_S (seconds streamed in real time), WHOLE_S (seconds streamed as fast as possible, 0: all),
# STREAM_DATA (a dataset whose utterances are ranges of recordings: its test split is scored as streams).
set -euo pipefail
nest=$1 model=$2 data=$3 recording=$4 out=$5
read -r -a audit_flags <<<"${AUDIT:-}"
read -r -a stream_flags <<<"${STREAM:-}"
. "$(dirname "$0")/stage.sh"
mkdir -p "$out"

runs=(native-fp32 native-bf16 native-int8)
if "$nest" doctor --json | grep -q '"torch": {'; then runs=(torch-fp32 "${runs[@]}"); fi
results=()
for run in "${runs[@]}"; do
  stage "evaluate: ${run/-/ }"
  "$nest" benchmark --model "$model" --data "$data" --split test --executor "${run%-*}" \
    --precision "${run#*-}" --threads 1 --batch-size 1 --output "$out/$run.json"
  results+=("$out/$run.json")
done

stage "audit"
"$nest" audit --model "$model" --data "$data" --replicates 2000 --output "$out/audit.json" "${audit_flags[@]}"

stream() {
  "$nest" stream --model "$model" --source "file:$recording" --precision int8 "${stream_flags[@]}" "$@"
}
stage "stream in real time: ${LIVE_S:-10} s, int8"
stream --real-time --duration "${LIVE_S:-10}" >"$out/live.txt"
cat "$out/live.txt"
stage "stream as fast as possible: the whole recording, int8"
stream --duration "${WHOLE_S:-0}" >"$out/stream.txt"
cat "$out/stream.txt"
stage "the same in deliveries of 7 samples"
stream --duration "${WHOLE_S:-0}" --chunk 7 >"$out/stream-7.txt" 2>"$out/stream-7.log"
cmp "$out/stream.txt" "$out/stream-7.txt"
echo "the text is the same"

if [ -n "${STREAM_DATA:-}" ]; then
  stage "the same utterances in their recordings, streamed, int8"
  "$nest" benchmark --model "$model" --data "$STREAM_DATA" --split test --precision int8 --streamed \
    "${stream_flags[@]}" --output "$out/streamed.json"
fi

stage "report"
live=()
if [ -f "$out/streamed.json" ]; then live=(--streamed "$out/streamed.json"); fi
"$nest" report "$out/native-fp32.json" --audit "$out/audit.json" --data "$data" "${live[@]}" --output "$out/report.html"

stage "what each executor and precision costs, and what it changes"
"$nest" compare "${results[@]}" --margin 1 --output "$out/overview.json" | tee "$out/overview.txt"
printf '\nmade in %s s:\n' "$SECONDS"
printf '  %s\n' "$out"/*.json "$out"/overview.txt "$out"/stream.txt "$out"/report.html
