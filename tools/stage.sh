# Sourced: stage TEXT prints a heading with the seconds since the script began.
stage() { printf '\n== [%d s] %s\n' "$SECONDS" "$*" >&2; }
