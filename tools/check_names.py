#!/usr/bin/env python3
"""Checks that the C++ names in the documentation are declared in the headers, and that fuzz targets are built.

    tools/check_names.py [--root FOLDER]     exit code 1 lists every name that is not

Looked at: code in backticks in README.md, CONTRIBUTING.md, docs/ and examples/. A name of ours is `module::name`,
`Class::member`, `CamelCase` or `function()`; the module, the class and its member must be there (the member in a header that
declares the class). Names of others (the Python project, LibTorch, formats) are listed in FOREIGN with who has them, or
written with the owner's prefix (`torch.load`, `numpy.float32`), or stand in a table's column headed "Python". A fuzz target is
what follows `tools/fuzz.sh`, or the first column of a table that is headed "fuzz target"; each must be in fuzz/CMakeLists.txt, and
so must every fuzz/*_fuzz.cc.
"""
import pathlib
import re
import sys

# Names of somebody else's that the pages mention without a prefix.
FOREIGN = {
    "OrderedDict": "Python's collections",
    "DistributedDataParallel": "PyTorch",
    "CamelCase": "a convention's name for itself",
}
# Pages for people who change the project: names of its sources and tests count too.
INSIDE = re.compile(r"^add-a-.*\.md$")
SPAN = re.compile(r"`([^`\n]+)`")
QUALIFIED = re.compile(r"^(?:nest::)?((?:\w+::)+)(~?\w+)(?:<.*>)?(?:\(.*\))?$")
CAMEL = re.compile(r"^[A-Z][a-z0-9]+(?:[A-Z]+[a-z0-9]*)+$")
CALL = re.compile(r"^([a-z]\w+)\(\)$")
WORD = re.compile(r"\w+")


def strip_comments(source):
    return re.sub(r"/\*.*?\*/", "", re.sub(r"//[^\n]*", "", source), flags=re.S)


class Headers:
    """Which words each file declares or uses, without its comments."""

    def __init__(self, root, patterns):
        self.modules = {path.name for path in (root / "include/nest").iterdir()}
        files = [path for pattern in patterns for path in sorted(root.glob(pattern))]
        self.words_of = {path: set(WORD.findall(strip_comments(path.read_text(errors="replace")))) for path in files}
        self.words = set().union(*self.words_of.values())

    def has_member(self, scope, name):
        return any(scope in words and name in words for words in self.words_of.values())

    def problem(self, span):
        """Why a code span names nothing of ours that exists; None if it does, or is no C++ name."""
        qualified = QUALIFIED.match(span)
        if qualified:
            scopes = [scope for scope in qualified.group(1).split("::") if scope]
            name = qualified.group(2)
            if scopes[0] not in self.modules and scopes[0] not in self.words:
                return None if scopes[0] in ("std", "torch", "at", "c10", "testing") else f"no header declares '{scopes[0]}'"
            scope = scopes[-1]
            if scope in self.modules:
                return None if name in self.words else f"no header declares '{name}'"
            return None if self.has_member(scope, name) else f"no header with '{scope}' declares '{name}'"
        if CAMEL.match(span) or (call := CALL.match(span)):
            name = span if CAMEL.match(span) else call.group(1)
            if name not in self.words and name not in FOREIGN:
                return f"no header declares '{name}'"
        return None


def prose(page):
    """(line number, line) outside fenced blocks, without columns of tables that are headed Python."""
    fenced, skipped = False, set()
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.startswith("```"):
            fenced = not fenced
        if fenced or line.startswith("```"):
            continue
        if line.startswith("|"):
            cells = line.strip().strip("|").split("|")
            if any("Python" in cell for cell in cells) and "`" not in line:
                skipped = {i for i, cell in enumerate(cells) if "Python" in cell}
            line = "|".join(cell for i, cell in enumerate(cells) if i not in skipped)
        else:
            skipped = set()
        yield number, line


FUZZ_RUN = re.compile(r"tools/fuzz\.sh ([a-z]\w*)")


def fuzz_problems(root, pages):
    """Fuzz targets that a page names and the build does not have, and sources that no target builds."""
    built = set(re.findall(r"^nest_fuzz\((\w+)", (root / "fuzz/CMakeLists.txt").read_text(), re.M))
    problems = [f"fuzz/{path.name}: no target builds it" for path in sorted((root / "fuzz").glob("*_fuzz.cc"))
                if path.name.removesuffix("_fuzz.cc") not in built]
    for page in pages:
        in_table = False
        for number, line in enumerate(page.read_text().splitlines(), 1):
            names = FUZZ_RUN.findall(line)
            cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
            if in_table and cells and not cells[0].startswith("---"):
                names.append(cells[0].strip("`"))
            in_table = bool(cells) and (in_table or cells[0] == "fuzz target")
            problems += [f"{page.relative_to(root)}:{number}: no fuzz target '{name}'" for name in names if name not in built]
    return problems


def main():
    arguments = sys.argv[1:]
    root = pathlib.Path(__file__).resolve().parent.parent
    if "--root" in arguments:
        root = pathlib.Path(arguments[arguments.index("--root") + 1]).resolve()
    public = Headers(root, ["include/nest/**/*.h"])
    inside = Headers(root, ["include/nest/**/*.h", "src/**/*.h", "src/**/*.cc", "tests/**/*.cc"])
    pages = [root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").glob("*.md")), *sorted((root / "examples").glob("*.md"))]
    checked, problems = 0, []
    for page in pages:
        headers = inside if INSIDE.match(page.name) else public
        for number, line in prose(page):
            for span in SPAN.findall(line):
                checked += bool(QUALIFIED.match(span) or CAMEL.match(span) or CALL.match(span))
                if problem := headers.problem(span):
                    problems.append(f"{page.relative_to(root)}:{number}: `{span}`: {problem}")
    problems += fuzz_problems(root, pages)
    for line in problems:
        print(line, file=sys.stderr)
    print(f"names in the docs: {checked} checked, {len(problems)} unknown")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
