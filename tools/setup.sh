#!/usr/bin/env bash
# Installs the Debian packages NEST builds with, if any is missing. Quick when nothing is.
#   tools/setup.sh [--check] [PACKAGE ...]     --check only reports; further packages are installed as well
set -euo pipefail
is_check=""
[ "${1:-}" != "--check" ] || { is_check=1; shift; }

packages=(
  build-essential cmake ninja-build ccache mold pkg-config git python3 python3-websockets
  libfmt-dev nlohmann-json3-dev libyaml-cpp-dev libcli11-dev libssl-dev zlib1g-dev
  libhdf5-dev libmatio-dev libsentencepiece0 libutf8proc-dev libeigen3-dev libpugixml-dev libsodium-dev libboost-dev
  libtorch-dev libgloo-dev libopenblas0-pthread
  libgtest-dev libgmock-dev libbenchmark-dev
  "$@"
)

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ -n "$is_check" ]; then
  echo "missing packages: ${missing[*]}" >&2
  exit 1
fi
if ! command -v apt-get >/dev/null; then
  echo "setup: this script needs Debian's apt-get. Install these packages by hand: ${missing[*]}" >&2
  exit 1
fi

root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "setup: not root and no sudo. As root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  root=(sudo)
fi

echo "setup: installing ${#missing[@]} packages: ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
install() { "${root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/tmp/nest-setup.log 2>&1; }
if ! install; then
  "${root[@]}" apt-get update -qq >>/tmp/nest-setup.log 2>&1 || true
  if ! install; then
    tail -n 20 /tmp/nest-setup.log >&2
    echo "setup: installation failed (log: /tmp/nest-setup.log). Needed: ${missing[*]}" >&2
    exit 1
  fi
fi
