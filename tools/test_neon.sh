#!/usr/bin/env bash
# Cross-compiles for 64-bit Arm and runs the tests of the native runtime under qemu-user, on the NEON
# kernels with and without the dot-product extension and on the portable ones.
#
# Needs: g++-aarch64-linux-gnu, qemu-user, dpkg, apt. The libraries come from Debian's arm64 packages,
# unpacked into build/aarch64-sysroot; the system's own package state is not touched.
#
#   tools/test_neon.sh [JOBS] [GTEST_FILTER]
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${1:-$(nproc)}
filter=${2:-*}
root=$PWD/build/aarch64-sysroot
apt=$PWD/build/aarch64-apt
packages=(libfmt-dev nlohmann-json3-dev libyaml-cpp-dev libcli11-dev libssl-dev zlib1g-dev
  libutf8proc-dev libeigen3-dev libpugixml-dev libsodium-dev libboost-dev libgtest-dev libgmock-dev libmatio-dev)

for program in aarch64-linux-gnu-g++ qemu-aarch64 dpkg apt-get; do
  command -v "$program" >/dev/null || {
    echo "$program is missing: apt-get install g++-aarch64-linux-gnu qemu-user" >&2
    exit 2
  }
done

fill_sysroot() {
  mkdir -p "$apt"/{lists,cache}/partial "$root"
  : >"$apt/status"
  cat >"$apt/apt.conf" <<CONF
Dir::State "$apt";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Dir::Cache::archives "$apt/cache";
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "root";
CONF
  APT_CONFIG=$apt/apt.conf apt-get -q update
  APT_CONFIG=$apt/apt.conf apt-get -q -y --download-only install "${packages[@]}"
  for package in "$apt"/cache/*.deb; do dpkg -x "$package" "$root"; done
  touch "$root/.complete"
}
[ -e "$root/.complete" ] || fill_sysroot

cmake --preset aarch64 -Wno-dev >build/aarch64-configure.log || { tail -5 build/aarch64-configure.log; exit 1; }
cmake --build --preset aarch64 -j "$jobs" --target nest_test_runtime
emulate=(qemu-aarch64 -cpu max -L "$root")
test=build/aarch64/tests/runtime/nest_test_runtime
offers() {  # instruction set, emulator …
  local isa=$1
  shift
  [ "$("$@" "$test" --gtest_list_tests | grep -c "/$isa ")" -gt 0 ]
}
offers neon_dot "${emulate[@]}" || { echo "no test runs on the dot-product extension" >&2; exit 1; }
"${emulate[@]}" "$test" --gtest_filter="$filter" --gtest_brief=1

# A processor without the extension (Raspberry Pi 4).
old=(qemu-aarch64 -cpu cortex-a72 -L "$root")
if offers neon_dot "${old[@]}"; then
  echo "dot-product kernels were offered to a processor without them" >&2
  exit 1
fi
offers neon "${old[@]}" || { echo "no test runs on NEON" >&2; exit 1; }
"${old[@]}" "$test" --gtest_filter='Isa.*:Isa/*' --gtest_brief=1
