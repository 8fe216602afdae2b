#!/usr/bin/env python3
"""Checks that one place writes files: src/core/file_writer.cc, behind write_file_atomic() of
nest/core/file.h. Everything else in include/, src/ and apps/ hands its bytes there, so that links,
pipes, devices, modes and full disks are treated alike.
    tools/check_writers.py [--root FOLDER]
Exit code 1 lists every violation.
"""
import re
import sys

import check_quiet

RULES = [
    (r"(?<!<)\b(basic_)?(w?o?fstream|filebuf)\b", "opens a file to write"),
    (r"\b(f(d|re)?open(64)?|creat|mkstemps?|tmpfile|open_memstream)\s*\(", "opens a file to write"),
    (r"\bO_(WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)\b", "opens a file to write"),
    (r"\b(rename|renameat2?|copy_file|resize_file|truncate)\s*\(", "changes a file"),
]
PATTERNS = tuple((re.compile(pattern), why) for pattern, why in RULES)

# file: what it may match, and why
ALLOWED = {
    "src/core/file_writer.cc": r"O_(WRONLY|CREAT)|rename\(",
    # A whole folder, put into its place.
    "src/core/folder_writer.cc": r"renameat2",
    # The two ends of the pipes to a child process.
    "src/profile/peer_process.cc": r"fdopen\(",
    # A recording of arrivals grows with the stream, and a crash must leave what had come.
    "src/stream/arrivals.cc": r"ofstream",
    # A closed standard input is occupied by /dev/null.
    "apps/nest/terminal.cc": r"O_WRONLY",
}


def violations(name: str, text: str) -> list[str]:
    return check_quiet.violations(name, text, PATTERNS, ALLOWED)


if __name__ == "__main__":
    sys.exit(check_quiet.report("one writer of files", ("include", "src", "apps"), violations))
