#!/usr/bin/env python3
"""The guards catch what is planted: a core module that includes LibTorch, an app with a loader of its own, and so on.

    tests/guards/planted.py     copies the sources, plants one fault at a time, and expects the guard to name it
"""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INCLUDES, NAMES, QUIET, PUBLIC = "check_includes.py", "check_names.py", "check_quiet.py", "check_public.py"
# what is planted, the guard, the file, the text added at its end, what the guard must say
PLANTED = [
    ("a LibTorch header in the core closure", INCLUDES, "src/runtime/pool.cc", "#include <torch/torch.h>\n",
     "src/runtime/pool.cc: LibTorch header <torch/torch.h> outside the torch closure"),
    ("a core module that includes one of the torch closure", INCLUDES, "src/decode/decoder.cc", '#include "nest/nn/executor.h"\n',
     "core module 'decode' includes the torch closure"),
    ("an include that the table does not have", INCLUDES, "src/graph/graph.cc", '#include "nest/io/npy.h"\n',
     "module 'graph' may not include 'io'"),
    ("a private header of another module", INCLUDES, "src/train/run.cc", '#include "decode/ctc_beam.h"\n',
     "private header of another module: decode/ctc_beam.h"),
    ("an app with a loader of its own", INCLUDES, "apps/nest/verb_decode.cc",
     "nest::graph::Model load_my_model(const std::string& path) {\n  return {};\n}\n", "load_my_model() assembles"),
    ("a module that CMake does not know", INCLUDES, "include/nest/secret/thing.h", "", "module 'secret' is not in MODULES"),
    ("a table in the page that is not the checked one", INCLUDES, "docs/architecture.md", None, "its table is not MODULES"),
    ("an unknown class in a page", NAMES, "docs/decode.md", "`OracleBeamSearch` is exact.\n",
     "`OracleBeamSearch`: no header declares 'OracleBeamSearch'"),
    ("an unknown member in a page", NAMES, "docs/decode.md", "`decode::Hypothesis::oracle_rank` is there.\n",
     "no header with 'Hypothesis' declares 'oracle_rank'"),
    ("a line on standard error", QUIET, "src/graph/graph.cc", 'void shout() { fmt::print(stderr, "!"); }\n',
     "src/graph/graph.cc"),
    ("a private type in a public header", PUBLIC, "include/nest/decode/decoder.h", "struct PrefixTree;\n",
     "include/nest/decode/decoder.h: names 'PrefixTree', which no public header defines"),
    ("an installed header that includes one that is not", PUBLIC, "include/nest/text/tokenizer.h",
     '#include "nest/core/base64.h"\n', "is installed but includes core/base64.h"),
    ("a fuzz target that is not built", NAMES, "docs/reliability.md", "Run `tools/fuzz.sh oracle 60`.\n", "no fuzz target 'oracle'"),
    ("a fuzz target that no list of targets has", NAMES, "fuzz/oracle_fuzz.cc", "int x;\n", "fuzz/oracle_fuzz.cc: no target builds it"),
    ("an unknown function in a page", NAMES, "README.md", "Call `decode_everything()`.\n", "no header declares 'decode_everything'"),
]


def run(guard, folder):
    return subprocess.run([sys.executable, ROOT / "tools" / guard, "--root", folder], capture_output=True, text=True)


def plant(folder, name, added):
    """Adds to a file of the copy; with None, changes the first row of the table in the page."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text() if path.exists() else None
    path.write_text((before or "") + added if added is not None else before.replace("| `core` |", "| `heart` |", 1))
    return before


def restore(folder, name, before):
    path = folder / name
    if before is None:
        path.unlink() if any(p != path for p in path.parent.iterdir()) else shutil.rmtree(path.parent)
    else:
        path.write_text(before)


def main():
    failures = []
    with tempfile.TemporaryDirectory(prefix="nest-guards-") as temporary:
        folder = Path(temporary)
        for name in ("include", "src", "apps", "docs", "examples", "fuzz", "tests", "cmake"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("corpus", "golden", "pictures"))
        for page in ("README.md", "CONTRIBUTING.md"):
            shutil.copy(ROOT / page, folder / page)
        for guard in (INCLUDES, NAMES, QUIET, PUBLIC):
            done = run(guard, folder)
            if done.returncode != 0:
                failures.append(f"{guard} fails on the sources as they are:\n{done.stderr}")
        for what, guard, name, added, said in PLANTED:
            before = plant(folder, name, added)
            done = run(guard, folder)
            if done.returncode != 1 or said not in done.stderr:
                failures.append(f"{guard} did not catch {what}: exit code {done.returncode}\n{done.stderr}")
            restore(folder, name, before)
    for failure in failures:
        print(failure, file=sys.stderr)
    print(f"{len(PLANTED)} faults planted, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
