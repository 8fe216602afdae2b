#!/usr/bin/env python3
"""Checks that the library speaks of fields, not of flags: no text in src/ or include/ names a "--flag", and every
`field` that one names in backticks is described by a visit_fields() or registered by a verb.

A command line puts its flags in the place of such fields (nest/core/field.h); a server or a Python user sees the fields.
    tools/check_messages.py [ROOT]
Exit code 1 lists every violation.
"""
import pathlib
import re
import sys

# The command line itself.
ALLOWED = {"src/core/flags.cc"}

HIDDEN = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.S)
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z0-9_-]*")
NAMED = re.compile(r"`([a-z][a-z0-9_.]*)`")
FLAG_ADDED = re.compile(r'\.(?:add|positional)\(\s*"([a-z0-9_-]+)')


def described(text: str) -> set[str]:
    """Names of the fields that a source text describes or registers."""
    names = {match.replace("-", "_") for match in FLAG_ADDED.findall(text)}
    return names | set(re.findall(r'\.(?:field|add_field)\(\s*"([a-z0-9_]+)"', text))


def violations(name: str, text: str, fields: set[str]) -> list[str]:
    """Every text literal that names a flag, or a field that there is not."""
    found = []
    for match in HIDDEN.finditer(text):
        literal = match.group()
        if not literal.startswith('"') or name in ALLOWED:
            continue
        where = f"{name}:{text.count(chr(10), 0, match.start()) + 1}"
        found += [f"{where}: names the flag {flag}: {literal}" for flag in FLAG.findall(literal)]
        found += [f"{where}: names the field {field}, which nothing describes: {literal}"
                  for field in NAMED.findall(literal) if field.split(".")[-1] not in fields]
    return found


def main() -> int:
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent
    texts = {f.relative_to(root).as_posix(): f.read_text(errors="replace")
             for folder in ("include", "src", "apps") for f in sorted((root / folder).rglob("*"))
             if f.suffix in (".h", ".cc", ".inc")}
    fields = set().union(*(described(text) for text in texts.values()))
    library = [name for name in texts if not name.startswith("apps/")]
    found = [line for name in library for line in violations(name, texts[name], fields)]
    for line in found:
        print(line, file=sys.stderr)
    print(f"messages: {len(library)} files, {len(fields)} fields, {len(found)} violations")
    return 1 if found or not library else 0


if __name__ == "__main__":
    sys.exit(main())
