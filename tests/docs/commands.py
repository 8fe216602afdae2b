#!/usr/bin/env python3
"""Checks the commands in the documentation: README.md, CONTRIBUTING.md, docs/*.md, examples/*.md.

    tests/docs/commands.py <nest command> [page ...]

A fenced block with `nest` or `make` commands says after its fence what may be done with it:

    ```sh run          run here, in a folder with models/, configs/ and what docs/README.md sets up
    ```sh needs-data   correct, but needs data, hardware or long training: parsed only
    ```sh usage        a synopsis with placeholders: parsed only

A block that begins with "$ " is a transcript: its commands are parsed, its output is not compared.
In all of them each flag must be listed by `nest VERB --help`, and each target by the Makefile. A
command that ends in `# exit N` must end with exit code N. Every verb needs a page docs/VERB.md, every flag a
page that names it, every link to a file a target, and docs/README.md a link to every page. The picture of the
architecture is what its generator draws. Every fuzz target that builds stands in docs/reliability.md, and only those
are named: `tools/fuzz.sh NAME`, and the first column of the table of runs.
"""
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INDEX = ROOT / "docs" / "README.md"
# Verbs that share a page with another.
SHARED_PAGES = {"eval": "benchmark", "verify": "package"}
COMMAND = re.compile(r"^(?:\S+ )*?(nest|make)\b")


def blocks(page):
    """(first line, mark, lines) of every fenced block; the mark is the text after the fence."""
    start, mark, lines = 0, "", []
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.startswith("```"):
            if start:
                yield start, mark, lines
                start = 0
            else:
                start, mark, lines = number, line[3:].strip(), []
        elif start:
            lines.append(line)


def commands(lines):
    """Lines with their continuations joined; no blank ones, no comments."""
    text = "\n".join(lines).replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


class Help:
    """What `nest VERB --help` lists."""

    def __init__(self, nest):
        self.nest = nest
        self.flags_of = {}
        top = self.text([])
        listed = top[top.index("Subcommands:"):].splitlines()[1:]
        names = [re.match(r"  (\S.*?)(?:  |$)", line) for line in listed]
        self.verbs = [verb for match in names if match for verb in match.group(1).split(", ")]

    def text(self, arguments):
        return subprocess.run([self.nest, *arguments, "--help"], capture_output=True, text=True, check=True).stdout

    def flags(self, verb):
        if verb not in self.flags_of:
            self.flags_of[verb] = set(re.findall(r"--[a-z][a-z0-9-]*", self.text([verb])))
        return self.flags_of[verb]


def parse_errors(command, helps, targets):
    """What is wrong with one command line, without running it."""
    words = command.split("#")[0].replace("[", " ").replace("]", " ").split()
    if "make" in words and "nest" not in words:
        wanted = [w for w in words[words.index("make") + 1:] if "=" not in w]
        return [f"the Makefile has no target '{w}'" for w in wanted if w not in targets]
    if "nest" not in words:
        return []
    words = words[words.index("nest") + 1:]
    verb = words[0] if words else ""
    if verb.startswith("-"):
        return []
    if verb not in helps.verbs:
        return [f"there is no verb '{verb}'"]
    used = {w.split("=")[0].replace("_", "-") for w in words if w.startswith("--")}
    return [f"nest {verb} has no flag {flag}" for flag in sorted(used - helps.flags(verb))]


def run(command, folder, environment):
    """Runs one command line; returns what went wrong, or None."""
    expected = re.search(r"#.*\bexit (\d)\s*$", command)
    code = int(expected.group(1)) if expected else 0
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=folder, env=environment,
                          capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    if done.returncode == code:
        return None
    return f"exit code {done.returncode}, not {code}:\n{(done.stdout + done.stderr)[-1500:]}"


def marked_blocks(page, problems):
    """Blocks with commands of ours, each with a mark that is known."""
    for start, mark, lines in blocks(page):
        words = mark.split()
        if lines and lines[0].startswith("$ "):
            yield start, "transcript", [line[2:] for line in lines if line.startswith("$ ")]
            continue
        if any(COMMAND.match(line) for line in commands(lines)) or (words[:1] == ["sh"] and len(words) > 1):
            if words[:1] not in ([], ["sh"]):
                continue  # a block in another language
            if words in (["sh", "run"], ["sh", "needs-data"], ["sh", "usage"]):
                yield start, words[1], lines
            else:
                problems.append(f"{page.relative_to(ROOT)}:{start}: mark the block: sh run, sh needs-data or sh usage")


def check_links(page, problems):
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", prose):
        if "://" not in target and not (page.parent / target).exists():
            problems.append(f"{page.relative_to(ROOT)}: the link to {target} leads nowhere")


def check_index(helps, problems):
    text = INDEX.read_text()
    for page in sorted((ROOT / "docs").glob("*.md")):
        if page != INDEX and f"({page.name})" not in text:
            problems.append(f"docs/README.md has no link to {page.name}")
    for verb in helps.verbs:
        if not (ROOT / "docs" / f"{SHARED_PAGES.get(verb, verb)}.md").exists():
            problems.append(f"the verb {verb} has no page docs/{verb}.md")
    text = "".join(page.read_text() for page in (ROOT / "docs").glob("*.md"))
    named = {"--help"} | {flag.replace("_", "-") for flag in re.findall(r"--[a-z][a-z0-9_-]*", text)}
    for verb in helps.verbs:
        unnamed = {flag for flag in helps.flags(verb) if not flag.startswith("--no-")} - named
        problems.extend(f"no page names {flag} of nest {verb}" for flag in sorted(unnamed))


def check_picture(problems):
    drawn = subprocess.run([sys.executable, ROOT / "tools" / "architecture_svg.py"], capture_output=True, text=True, check=True).stdout
    if drawn != (ROOT / "docs" / "architecture.svg").read_text():
        problems.append("docs/architecture.svg is not what tools/architecture_svg.py draws")


def check_fuzz_targets(problems):
    """Targets are what fuzz/CMakeLists.txt builds."""
    built = set(re.findall(r"^nest_fuzz\((\w+)", (ROOT / "fuzz" / "CMakeLists.txt").read_text(), re.M))
    sources = {path.name[:-len("_fuzz.cc")] for path in (ROOT / "fuzz").glob("*_fuzz.cc")}
    problems.extend(f"fuzz/{name}_fuzz.cc is not built: fuzz/CMakeLists.txt has no nest_fuzz({name} ...)" for name in sorted(sources - built))
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]:
        named = set(re.findall(r"tools/fuzz\.sh ([a-z]\w*)", page.read_text()))
        if page.name == "reliability.md":
            table = set(re.findall(r"^\| `(\w+)` \|", page.read_text(), re.M))
            problems.extend(f"docs/reliability.md has no row for the fuzz target {name}" for name in sorted(built - table))
            named |= table
        problems.extend(f"{page.relative_to(ROOT)}: there is no fuzz target '{name}'" for name in sorted(named - built))


def main():
    nest = str(Path(sys.argv[1]).resolve())
    wanted = [ROOT / name for name in sys.argv[2:]]
    pages = wanted or [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")),
                       *sorted((ROOT / "examples").glob("*.md"))]
    helps = Help(nest)
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.M))
    problems, ran, parsed = [], 0, 0
    check_index(helps, problems)
    check_picture(problems)
    check_fuzz_targets(problems)
    with tempfile.TemporaryDirectory(prefix="nest-docs-") as temporary:
        bin_folder, fresh = Path(temporary) / "bin", Path(temporary) / "fresh"
        bin_folder.mkdir()
        fresh.mkdir()
        (bin_folder / "nest").symlink_to(nest)
        environment = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}"}
        for name in ("models", "configs", "examples", "tests"):
            (fresh / name).symlink_to(ROOT / name)

        def visit(page, folder):
            nonlocal ran, parsed
            check_links(page, problems)
            for start, mark, lines in marked_blocks(page, problems):
                for command in commands(lines):
                    where = f"{page.relative_to(ROOT)}:{start}: {shlex.join(command.split()[:4])} …"
                    wrong = parse_errors(command, helps, targets)
                    parsed += 1
                    if not wrong and mark == "run":
                        begin = time.monotonic()
                        failure = run(command, folder, environment)
                        ran += 1
                        print(f"{time.monotonic() - begin:6.2f} s  {page.relative_to(ROOT)}:{start}  {command[:90]}")
                        wrong = [failure] if failure else []
                    problems.extend(f"{where}\n    {text}" for text in wrong)

        visit(INDEX, fresh)
        for page in pages:
            if page == INDEX:
                continue
            folder = Path(temporary) / page.stem
            shutil.copytree(fresh, folder, symlinks=True)
            visit(page, folder)
            shutil.rmtree(folder)
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(pages)} pages, {parsed} commands read, {ran} run, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
