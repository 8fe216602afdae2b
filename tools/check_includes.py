#!/usr/bin/env python3
"""Checks the include table: which module may include whose headers (docs/architecture.md).

Also: LibTorch headers only where the table allows them, apps only public headers, no file in the
core closure that includes one of the torch closure. Exit code 1 lists every violation.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# module: modules it may include (besides itself)
TABLE = {
    "core": [],
    "signal": ["core"],
    "io": ["core"],
    "text": ["core"],
    "graph": ["core"],
    "data": ["core", "signal", "io", "text", "graph"],
    "synth": ["core", "signal", "io", "text", "data"],
    "decode": ["core", "text", "graph"],
    "runtime": ["core", "graph"],
    "stream": ["core", "io", "signal", "graph", "runtime", "decode", "text"],
    "nn": ["core", "graph"],
    "train": ["core", "graph", "nn", "io", "signal", "text", "decode", "data", "deploy"],
    "compress": ["core", "graph", "nn"],
    "profile": ["core", "graph", "runtime"],
    "eval": ["core", "graph", "io", "signal", "text", "decode", "data"],
    "deploy": ["core", "graph", "runtime", "nn", "io"],
    "serve": ["core", "graph", "runtime", "stream", "deploy"],
}
TORCH_MODULES = {"nn", "train", "compress", "deploy"}
TORCH_CLOSURE = {"nn", "train"}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]', re.M)
TORCH = re.compile(r"^(torch|ATen|c10|caffe2)/")


def main() -> int:
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "include", "src", "apps"],
        cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    errors = []
    for name in tracked:
        if not name.endswith((".h", ".cc", ".inc")):
            continue
        parts = name.split("/")
        is_app = parts[0] == "apps"
        module = None if is_app else parts[2] if parts[0] == "include" else parts[1]
        if module is not None and module not in TABLE:
            errors.append(f"{name}: module '{module}' is not in the table")
            continue
        for target in INCLUDE.findall((ROOT / name).read_text(errors="replace")):
            if TORCH.match(target):
                if is_app or module not in TORCH_MODULES:
                    errors.append(f"{name}: LibTorch header <{target}>")
                continue
            pieces = target.split("/")
            public = pieces[0] == "nest"
            other = pieces[1] if public and len(pieces) > 2 else pieces[0] if len(pieces) > 1 else None
            if other not in TABLE:
                continue
            if is_app:
                if not public:
                    errors.append(f"{name}: apps may include public headers only, not {target}")
            elif other != module and other not in TABLE[module]:
                errors.append(f"{name}: module '{module}' may not include '{other}' ({target})")
            elif other != module and not public:
                errors.append(f"{name}: private header of another module: {target}")
    for line in errors:
        print(line, file=sys.stderr)
    print(f"include table: {len(tracked)} files, {len(errors)} violations")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
