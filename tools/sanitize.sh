#!/usr/bin/env bash
# Builds the core closure with sanitizers and runs its whole test suite; any finding fails the test.
#   tools/sanitize.sh asan [module ...] [ctest arguments]     addresses, leaks, undefined behaviour
#   tools/sanitize.sh tsan [module ...] [ctest arguments]     threads
# With modules (io graph ...) it builds and runs their tests alone. A program that a sanitizer stops ends with exit
# code 99, which no command of nest uses.
set -euo pipefail
cd "$(dirname "$0")/.."
case ${1:-} in
  asan | tsan) preset=$1 ;;
  *) echo "usage: tools/sanitize.sh asan|tsan [module ...] [ctest arguments]" >&2; exit 2 ;;
esac
shift
targets=() labels=""
while [[ ${1:-} == [a-z]* ]]; do
  targets+=("nest_test_$1") labels+="${labels:+|}$1"
  shift
done
cmake --preset "$preset" -Wno-dev >/dev/null
cmake --build --preset "$preset" -j "${JOBS:-$(nproc)}" ${targets:+--target "${targets[@]}"} >&2
export ASAN_OPTIONS=exitcode=99:detect_stack_use_after_return=1:check_initialization_order=1:strict_string_checks=1
export UBSAN_OPTIONS=exitcode=99:halt_on_error=1:print_stacktrace=1
export TSAN_OPTIONS=exitcode=99:halt_on_error=1:second_deadlock_stack=1
ctest --test-dir "build/$preset" --output-on-failure --no-tests=error -j "${JOBS:-$(nproc)}" ${labels:+-L "^($labels)\$"} "$@"
