#!/usr/bin/env bash
# The main job on the embedded model and a generated corpus:
#   generate -> evaluate (LibTorch fp32; native fp32, bf16, int8) -> audit -> stream -> report.
#   tools/demo.sh NEST [OUT]
set -euo pipefail
nest=${1:?path of the nest command}
out=${2:-out/demo}
model=models/synth_ctc.pt
data=$out/data
mkdir -p "$out"
step() { printf '\n== %s\n' "$*" >&2; }

if [ ! -f "$data/manifest.jsonl" ]; then
  step "generate: sentences the model has not seen, and one continuous recording"
  "$nest" synth --out "$data" --recording "$out/recording.edf" --seed 1 --rate 125 --sentences 1300
fi

runs=(native:fp32 native:bf16 native:int8)
if ! "$nest" doctor --json | grep -q '"torch": "not in this build"'; then runs=(torch:fp32 "${runs[@]}"); fi
for run in "${runs[@]}"; do
  executor=${run%%:*} precision=${run##*:}
  step "evaluate: $executor $precision"
  "$nest" benchmark --model "$model" --data "$data" --split test --executor "$executor" \
    --precision "$precision" --output "$out/$executor-$precision.json"
done

step "audit"
"$nest" audit --model "$model" --data "$data" --replicates 2000 --output "$out/audit.json"

step "stream: the recording, as fast as possible, int8"
"$nest" stream --model "$model" --source "edf:$out/recording.edf" --precision int8 \
  --window 4 --hop 0.512 --lookahead 1

step "report"
"$nest" report "$out/native-fp32.json" --audit "$out/audit.json" --data "$data" --output "$out/report.html"

step "what the precisions change"
for precision in bf16 int8; do
  "$nest" compare "$out/native-fp32.json" "$out/native-$precision.json" --margin 1
done
printf '\nMade:\n'
printf '  %s\n' "$out"/*.json "$out/report.html"
