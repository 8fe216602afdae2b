#!/usr/bin/env bash
# The main job on a model and a dataset: evaluate on every executor and precision, cut and streamed -> audit ->
# compress -> profile -> export -> package, verify -> stream live -> serve -> report -> one table.
#   tools/main_job.sh NEST MODEL DATA RECORDING OUT
# From the environment: AUDIT (extra flags of nest audit), COMPRESS (flags of nest compress), STREAM (flags of nest
# stream), LIVE_S (seconds streamed in real time), WHOLE_S (seconds streamed as fast as possible, 0: all),
# STREAM_DATA (a dataset whose utterances are ranges of recordings: its test split is scored as streams),
# STREAM_MODEL (another model for the streams alone), STREAM_SCORE (more flags of their benchmark),
# LICENCE (of the model, for its package).
set -euo pipefail
nest=$1 model=$2 data=$3 recording=$4 out=$5
read -r -a audit_flags <<<"${AUDIT:-}"
eval "compress_flags=(${COMPRESS:-})" # with its quotes: a flag may be empty
read -r -a stream_flags <<<"${STREAM:-}"
read -r -a score_flags <<<"${STREAM_SCORE:-}"
tools=$(dirname "$0")
. "$tools/stage.sh"
mkdir -p "$out"
compressed=$out/compressed/model.prepared
results=() streamed=()

evaluate() { # evaluate NAME MODEL FLAGS...
  local name=$1 file=$2
  shift 2
  stage "evaluate: $name"
  "$nest" benchmark --model "$file" --data "$data" --split test --threads 1 --batch-size 1 --output "$out/$name.json" "$@"
  results+=("$out/$name.json")
}

evaluate_streamed() { # the same utterances in their recordings
  local name=$1 file=${STREAM_MODEL:-$2}
  shift 2
  [ -n "${STREAM_DATA:-}" ] || return 0
  stage "streamed: $name"
  "$nest" benchmark --model "$file" --data "$STREAM_DATA" --split test --threads 1 --batch-size 1 --streamed \
    "${stream_flags[@]}" "${score_flags[@]}" --output "$out/$name-streamed.json" "$@"
  streamed+=("$out/$name-streamed.json")
}

has_torch=""
if "$nest" doctor --json | grep -q '"torch": {'; then has_torch=1; fi
if [ -n "$has_torch" ]; then evaluate torch-fp32 "$model" --executor torch --precision fp32; fi
for precision in fp32 bf16 int8; do evaluate "native-$precision" "$model" --precision "$precision"; done
for precision in fp32 int8; do evaluate_streamed "native-$precision" "$model" --precision "$precision"; done

stage "audit"
"$nest" audit --model "$model" --data "$data" --replicates 2000 --output "$out/audit.json" "${audit_flags[@]}"

stage "compress"
compress() { "$nest" compress --model "$model" --data "$data" --output "$out/compressed" "${compress_flags[@]}" "$@"; }
compress --resume || {
  code=$?
  { [ "$code" -eq 2 ] && [ -f "$out/compressed/search.json" ]; } || exit "$code"
  echo "the search in $out/compressed is kept as $out/compressed.before; another one begins" >&2
  rm -rf "$out/compressed.before"
  mv "$out/compressed" "$out/compressed.before"
  compress
}
evaluate compressed "$compressed"
[ -n "${STREAM_MODEL:-}" ] || evaluate_streamed compressed "$compressed"
scored= # the figures of what streams
[ ${#streamed[@]} -eq 0 ] || scored=${streamed[-1]}

stage "profile: the compressed model"
"$nest" profile --model "$out/compressed/model.safetensors" --output "$out/profile.json" >"$out/profile.txt"
sed '/^times of graph/,$d' "$out/profile.txt"

stage "export to ONNX, read back, decode: the floats that the codes stand for give the same texts"
"$nest" export --model "$out/compressed/model.safetensors" --graph all --output "$out/onnx/nest.onnx"
"$nest" convert "$out/onnx/nest.model.onnx" "$out/onnx/back.safetensors" >/dev/null
for file in "$out/compressed/model.safetensors" "$out/onnx/back.safetensors"; do # LibTorch computes in floats whatever the codes are
  [ -n "$has_torch" ] || break
  "$nest" decode --model "$file" --data "$data" --split test --executor torch | cut -f 2 >"$out/onnx/$(basename "$file" .safetensors).txt"
done
if [ -n "$has_torch" ]; then
  cmp "$out/onnx/model.txt" "$out/onnx/back.txt"
  echo "$(wc -l <"$out/onnx/back.txt") texts are the same"
else
  echo "without LibTorch the texts are not compared"
fi

stage "package, and verify it"
package_streamed=()
[ -z "$scored" ] || [ -n "${STREAM_MODEL:-}" ] || package_streamed=(--streamed "$scored")
"$nest" package --model "$out/compressed/model.safetensors" --output "$out/package" --name "$(basename "$out")" --data "$data" --audit "$out/audit.json" \
  --results "$out/compressed.json" "${package_streamed[@]}" --licence "${LICENCE:-not stated}"
"$nest" verify "$out/package"

stream() {
  "$nest" stream --model "${STREAM_MODEL:-$compressed}" --source "file:$recording" "${stream_flags[@]}" "$@"
}
stage "stream in real time: ${LIVE_S:-10} s"
# A terminal shows the live line meanwhile: committed and tentative text, latency, channels.
stream --real-time --duration "${LIVE_S:-10}" >"$out/live.txt"
cat "$out/live.txt"
stage "stream as fast as possible: the whole recording"
stream --duration "${WHOLE_S:-0}" >"$out/stream.txt"
cat "$out/stream.txt"
stage "the same in deliveries of 7 samples"
stream --duration "${WHOLE_S:-0}" --chunk 7 >"$out/stream-7.txt" 2>"$out/stream-7.log"
cmp "$out/stream.txt" "$out/stream-7.txt"
echo "the text is the same"

stage "serve the package once: page, HTTP, WebSocket"
"$tools/serve_once.sh" "$nest" "$out/package" "$out/serve.log"

stage "report"
live=()
[ -z "$scored" ] || [ -n "${STREAM_MODEL:-}" ] || live=(--streamed "$scored")
"$nest" report "$out/compressed.json" --audit "$out/audit.json" --data "$data" "${live[@]}" --output "$out/report.html"

stage "what each executor and precision costs, and what it changes"
if [ -n "${STREAM_MODEL:-}" ] && [ -n "$scored" ]; then # its utterances are others, so its table is its own
  "$nest" compare "${streamed[@]}" --margin 1 --output "$out/overview-streamed.json" >"$out/overview-streamed.txt" || [ $? -eq 1 ]
  cat "$out/overview-streamed.txt"
  "$nest" report "$scored" --output "$out/report-streamed.html"
  streamed=()
fi
# Exit code 1 is a regression, which its row says.
"$nest" compare "${results[@]}" "${streamed[@]}" --margin 1 --output "$out/overview.json" >"$out/overview.txt" || [ $? -eq 1 ]
cat "$out/overview.txt"
printf '\nmade in %s s:\n' "$SECONDS"
printf '  %s\n' "$out"/report.html "$out"/overview.{txt,json} "$out"/compressed/{report.html,model.safetensors,model.prepared} \
  "$out"/onnx/*.onnx "$out"/package "$out"/profile.{txt,json} "$out"/audit.json "$out"/stream.txt
