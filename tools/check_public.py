#!/usr/bin/env python3
"""Checks that the public headers stand on their own.

No type of src/ is named there (a nested `struct Impl` excepted), and no installed header includes one of the
helpers that cmake/NestInstall.cmake keeps back.
    tools/check_public.py [--root FOLDER]
Exit code 1 lists every violation.
"""
import argparse
import pathlib
import re
import sys

DECLARED = re.compile(r"^(?:class|struct)\s+(\w+);", re.M)
DEFINED = re.compile(r"^(?:class|struct)\s+(\w+)\b[^;{]*\{", re.M)
INCLUDED = re.compile(r'^\s*#\s*include\s*[<"]nest/([^">]+)\.h[">]', re.M)
INTERNAL = re.compile(r"set\(NEST_INTERNAL_HEADERS\s+([^)]*)\)")


def violations(headers: dict[str, str], internal: set[str]) -> list[str]:
    """`headers` by path below include/nest, without ".h"."""
    defined = {name for text in headers.values() for name in DEFINED.findall(text)}
    found = []
    for path, text in sorted(headers.items()):
        for name in DECLARED.findall(text):
            if name not in defined:
                found.append(f"include/nest/{path}.h: names '{name}', which no public header defines")
        if path in internal:
            continue
        for target in INCLUDED.findall(text):
            if target in internal:
                found.append(f"include/nest/{path}.h: is installed but includes {target}.h, which is not")
    found += [f"cmake/NestInstall.cmake: keeps back {path}.h, which does not exist" for path in sorted(internal - headers.keys())]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    root = parser.parse_args().root
    public = root / "include" / "nest"
    headers = {h.relative_to(public).as_posix()[:-2]: h.read_text() for h in public.rglob("*.h")}
    internal = set(INTERNAL.search((root / "cmake" / "NestInstall.cmake").read_text()).group(1).split())
    found = violations(headers, internal)
    for line in found:
        print(line, file=sys.stderr)
    print(f"public headers: {len(headers)}, {len(headers) - len(internal)} installed, {len(found)} violations")
    return 1 if found or not headers else 0


if __name__ == "__main__":
    sys.exit(main())
