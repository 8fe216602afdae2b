#!/usr/bin/env python3
"""Checks that the library is a quiet guest: nothing in src/ or include/ writes to a standard stream,
asks whether one is a terminal, handles signals for the process or ends it.

Log lines go through the log sink, progress and stop requests through nest::Job (nest/core/job.h).
    tools/check_quiet.py [--root FOLDER]
Exit code 1 lists every violation.
"""
import argparse
import pathlib
import re
import sys

RULES = [
    (r"\bstd(err|out)\b(?!_)", "a standard stream"),
    (r"\bstd::(cerr|cout|clog|cin)\b", "a standard stream"),
    (r"#\s*include\s*<iostream>", "standard streams"),
    (r"\bfmt::print(ln)?\s*\(", "prints"),
    (r"\bspdlog\b", "prints"),
    (r"\b(v?f?printf|puts|putchar|perror)\s*\(", "prints"),
    (r"\bSTD(ERR|OUT)_FILENO\b", "a standard stream"),
    (r"\bisatty\s*\(", "asks about a terminal"),
    (r"(::signal|\bsigaction)\s*\(", "handles signals"),
    (r"\bSIG(INT|TERM)\b", "handles signals"),
    (r"\bstd::(exit|quick_exit|abort)\s*\(", "ends the process"),
]
PATTERNS = [(re.compile(pattern), why) for pattern, why in RULES]

# file: what it may match, and why
ALLOWED = {
    # The child between fork and exec gets the pipes as its standard input and output.
    "src/profile/peer_process.cc": r"STDOUT_FILENO",
}

# Literals first: "tcp://" begins no comment.
HIDDEN = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.S)


def violations(name: str, text: str, patterns=tuple(PATTERNS), allowed=ALLOWED) -> list[str]:
    """Every line of a source text that breaks a rule; comments and string literals do not count."""
    code = HIDDEN.sub(lambda match: "\n" * match.group().count("\n"), text)
    found = []
    for number, line in enumerate(code.split("\n"), 1):
        for pattern, why in patterns:
            match = pattern.search(line)
            if match and not re.search(allowed.get(name, "(?!)"), match.group()):
                found.append(f"{name}:{number}: {why}: {line.strip()}")
    return found


def report(title: str, folders: tuple[str, ...], check) -> int:
    """Checks every source below the folders of the root that is named on the command line."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    root = parser.parse_args().root
    files = sorted(f for folder in folders for f in (root / folder).rglob("*")
                   if f.suffix in (".h", ".cc", ".inc"))
    found = [v for f in files
             for v in check(f.relative_to(root).as_posix(), f.read_text(errors="replace"))]
    for line in found:
        print(line, file=sys.stderr)
    print(f"{title}: {len(files)} files, {len(found)} violations")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(report("quiet library", ("include", "src"), violations))
