#!/usr/bin/env bash
# Runs the benchmarks: the programs bench/<topic>_bench.cc first, then the comparisons with peers, bench/*.py.
#   tools/bench.sh <build folder> [name ...]     name: a topic ("text") or a script ("signal_vs_scipy")
# A comparison whose Python packages are missing is skipped with a line. Results on standard output; for
# figures to quote, run on an idle machine and take the ratio to the peer of the same run.
set -euo pipefail
build=$(cd "${1:?usage: tools/bench.sh <build folder> [name ...]}" && pwd)
shift
cd "$(dirname "$0")/.."
wanted=("$@")
failed=()
ran=0

is_wanted() {
  [ ${#wanted[@]} -eq 0 ] && return 0
  local name
  for name in "${wanted[@]}"; do [ "$name" = "$1" ] && return 0; done
  return 1
}

run() {
  local name=$1
  shift
  printf '\n== %s\n' "$name"
  ran=$((ran + 1))
  "$@" || failed+=("$name")
}

for source in bench/*_bench.cc; do
  topic=$(basename "$source" _bench.cc)
  is_wanted "$topic" || continue
  program=$build/bench/nest_bench_$topic
  if [ ! -x "$program" ]; then
    printf '\n== %s: SKIPPED, this build has no %s\n' "$topic" "$program"
  elif grep -q BENCHMARK_MAIN "$source"; then
    run "$topic" "$program"
  fi  # the others need arguments, which a script below gives them
done

python=$(command -v /usr/bin/python3 python3 | head -n 1 || true)
for script in bench/*_vs_*.py; do
  [ -e "$script" ] || continue
  name=$(basename "$script" .py)
  is_wanted "$name" || continue
  missing=""
  for package in $(grep -oE '^(import|from) +(numpy|scipy|torch|mne|pandas)' "$script" | awk '{print $2}' | sort -u); do
    [ -n "$python" ] && "$python" -c "import $package" 2>/dev/null || missing+=" python3-$package"
  done
  if [ -n "$missing" ]; then
    printf '\n== %s: SKIPPED, not installed:%s\n' "$name" "$missing"
  else
    run "$name" "$python" "$script" "$build"
  fi
done

[ "$ran" -gt 0 ] || { echo "bench: nothing ran${wanted[*]:+ (no benchmark called ${wanted[*]})}" >&2; exit 2; }
[ ${#failed[@]} -eq 0 ] || { echo "bench: failed: ${failed[*]}" >&2; exit 1; }
