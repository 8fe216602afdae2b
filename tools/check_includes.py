#!/usr/bin/env python3
"""Checks who includes whom, and writes the table of it into docs/architecture.md.

    tools/check_includes.py [--root FOLDER]    check; exit code 1 lists every violation
    tools/check_includes.py --write            also rewrite the table in docs/architecture.md

MODULES says who may include whose headers. A module's closure (core or torch) is what src/MODULE/CMakeLists.txt
says to CMake; nothing of the core closure may include a LibTorch header or a module of the torch closure. Apps
include public headers and their own, and assemble nothing: what finds, loads or joins models, tokenizers,
language models and executors lives in the library, where a server and a Python user find it.
"""
import pathlib
import re
import subprocess
import sys

# module: (what it holds, modules it may include besides itself); lowest first
MODULES = {
    "core": ("errors, options, tensors, JSON and YAML, hashing, random numbers, threads, files, log and progress", []),
    "signal": ("filter design, online preprocessing, circular buffer, sliding window, resampling, window normalisation",
               ["core"]),
    "io": ("EEG formats, NPY and NPZ, PyTorch `.pt` (whitelist reader), safetensors", ["core"]),
    "text": ("tokenizers, edit distance, WER, CER, BLEU, bootstrap", ["core"]),
    "graph": ("node kinds, shapes, frames, cost, factory of the NEST variants, quantization, units, shared rewrites, signal contract",
              ["core"]),
    "contract": ("the signal contract carried out: matching a source, preprocessing, the same for files and streams",
                 ["core", "signal", "io", "graph"]),
    "data": ("dataset folders, splits, importers, normalisation fitted on training data",
             ["core", "signal", "io", "text", "graph", "contract"]),
    "synth": ("the physically motivated EEG generator", ["core", "signal", "io", "text", "data"]),
    "decode": ("greedy, beam, CTC prefix beam, transducer beam, n-gram models, the `Recognizer`", ["core", "text", "graph"]),
    "compress": ("pruners and quantizers, Model to Model; scoring and training come in as functions", ["core", "graph", "data"]),
    "runtime": ("plan, memory arena, kernels by instruction set, sessions with state", ["core", "graph"]),
    "deploy": ("model files in and out; what any file is and holds", ["core", "io", "text", "graph", "runtime"]),
    "export": ("ONNX from the graphs and of the preprocessing, ONNX in; state dicts", ["core", "signal", "graph", "io", "deploy"]),
    "recognize": ("from a path to a recognizer, also of raw signals: model, tokenizer, packed weights, language models; what runs a model; batches of many callers, a cache of models",
                  ["core", "io", "graph", "contract", "text", "decode", "runtime", "deploy"]),
    "profile": ("counts, layer times, memory, throughput, comparison of models and of runs, roofline, traces; side-by-side benchmark, contenders in other processes",
                ["core", "graph", "compress", "runtime", "deploy", "recognize"]),
    "optimize": ("a model made fast to run, with what that costs and what really runs",
                 ["core", "graph", "deploy", "runtime", "recognize", "profile", "export"]),
    "stream": ("sources, pipeline, latency ledger, gap policy",
               ["core", "io", "signal", "text", "graph", "contract", "decode", "runtime", "recognize"]),
    "eval": ("evaluator of utterances and of streams, audit, comparison, report; what compress asks of a dataset",
             ["core", "graph", "io", "signal", "text", "contract", "decode", "data", "compress", "runtime", "deploy", "recognize", "stream"]),
    "package": ("deployment packages that prove themselves, and how they are deployed",
                ["core", "io", "signal", "graph", "contract", "text", "data", "decode", "runtime", "deploy", "export", "recognize", "eval"]),
    "serve": ("HTTP and WebSocket server, metrics, page",
              ["core", "io", "signal", "text", "graph", "contract", "decode", "runtime", "recognize", "stream", "package"]),
    "nn": ("the graph executor on LibTorch", ["core", "graph", "recognize"]),
    "train": ("losses, trainer, augmentation, data-parallel training",
              ["core", "graph", "compress", "nn", "io", "signal", "text", "contract", "decode", "data", "deploy", "profile"]),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]', re.M)
TORCH_HEADER = re.compile(r"^(torch|ATen|c10|caffe2)/")
CLOSURE = re.compile(r"nest_module\(\s*(\w+)\s+CLOSURE\s+(core|torch)")
# A function of an app that assembles what the library should: "ModelFile load_model_file(...)".
LOADER = re.compile(r"^\s*(?!return\b)[\w:<>,&*\s]*?[\w>&*]\s+"
                    r"((?:load|open|read|make|build|prepare)_\w*"
                    r"(?:model|executor|recognizer|bundle|tokenizer|lm|prepared|weights)\w*)\s*\([^;{]*\)\s*(?:const\s*)?[;{]", re.M)
# Declared by apps and defined by each of their two programs.
APP_SEAMS = {"make_torch_executor"}
PAGE = "docs/architecture.md"
BEGIN, END = "<!-- modules: written by tools/check_includes.py --write -->\n", "<!-- end of modules -->\n"


def closures(root):
    """Closure of each module as CMake has it."""
    found = {}
    for path in sorted((root / "src").glob("*/CMakeLists.txt")):
        for name, closure in CLOSURE.findall(path.read_text()):
            found[name] = closure
    return found


def table_errors(of_cmake):
    """What is wrong with MODULES itself."""
    for name in sorted(MODULES.keys() ^ of_cmake.keys()):
        yield f"module '{name}' is {'not in CMake' if name in MODULES else 'not in MODULES of tools/check_includes.py'}"
    order = list(MODULES)
    for name, (_, others) in MODULES.items():
        for other in others:
            if other not in MODULES:
                yield f"MODULES: {name} may include '{other}', which is no module"
            elif of_cmake.get(name) == "core" and of_cmake.get(other) == "torch":
                yield f"MODULES: {name} is of the core closure and may not include {other} of the torch closure"
            elif order.index(other) >= order.index(name):
                yield f"MODULES: {other} must stand before {name}, which may include it: no cycles"


def include_errors(name, target, module, of_cmake):
    """What is wrong with one include; `module` is None for apps."""
    if TORCH_HEADER.match(target):
        if of_cmake.get(module) != "torch":
            yield f"{name}: LibTorch header <{target}> outside the torch closure"
        return
    pieces = target.split("/")
    is_public = pieces[0] == "nest"
    other = pieces[1] if is_public and len(pieces) > 2 else pieces[0] if len(pieces) > 1 else None
    if other not in MODULES or other == module:
        return
    if not is_public:
        yield f"{name}: private header of another module: {target}"
    elif module is not None and of_cmake.get(module) == "core" and of_cmake.get(other) == "torch":
        yield f"{name}: core module '{module}' includes the torch closure ({target})"
    elif module is not None and other not in MODULES[module][1]:
        yield f"{name}: module '{module}' may not include '{other}' ({target})"


def loader_errors(name, source):
    for function in LOADER.findall(source):
        if function not in APP_SEAMS:
            yield f"{name}: {function}() assembles what a server or a Python user needs too: move it into src/"


def sources(root):
    """Sources of the library and the apps: what git knows or would add; every file where there is no git."""
    folders = ["include", "src", "apps"]
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *folders], cwd=root, capture_output=True, text=True)
    if listed.returncode == 0 and listed.stdout:
        names = listed.stdout.split()
    else:
        names = [str(path.relative_to(root)) for folder in folders for path in sorted((root / folder).rglob("*"))]
    return [name for name in names if name.endswith((".h", ".cc", ".inc")) and (root / name).exists()]


def errors_in(root, of_cmake):
    yield from table_errors(of_cmake)
    for name in sources(root):
        parts = name.split("/")
        module = None if parts[0] == "apps" else parts[2] if parts[0] == "include" else parts[1]
        if module is not None and module not in MODULES:
            yield f"{name}: module '{module}' is not in MODULES of tools/check_includes.py"
            continue
        source = (root / name).read_text(errors="replace")
        for target in INCLUDE.findall(source):
            yield from include_errors(name, target, module, of_cmake)
        if module is None:
            yield from loader_errors(name, source)


def table(of_cmake):
    """The table as docs/architecture.md shows it."""
    rows = ["| module | closure | holds | may include |", "|---|---|---|---|"]
    for name, (holds, others) in MODULES.items():
        rows.append(f"| `{name}` | {of_cmake.get(name, '?')} | {holds} | {', '.join(others) or '–'} |")
    rows.append("| apps | – | one file a verb: flags, printing, exit codes | public headers only |")
    return "\n".join(rows) + "\n"


def check_page(root, of_cmake, write):
    """Compares the page's table with MODULES, or rewrites it."""
    page = root / PAGE
    text = page.read_text()
    if BEGIN not in text or END not in text:
        return [f"{PAGE}: the marks around the table of modules are gone: {BEGIN.strip()}"]
    head, rest = text.split(BEGIN, 1)
    wanted = head + BEGIN + table(of_cmake) + END + rest.split(END, 1)[1]
    if wanted == text:
        return []
    if not write:
        return [f"{PAGE}: its table is not MODULES: run tools/check_includes.py --write"]
    page.write_text(wanted)
    return []


def main():
    arguments = sys.argv[1:]
    root = pathlib.Path(__file__).resolve().parent.parent
    if "--root" in arguments:
        root = pathlib.Path(arguments[arguments.index("--root") + 1]).resolve()
    of_cmake = closures(root)
    errors = [*errors_in(root, of_cmake), *check_page(root, of_cmake, "--write" in arguments)]
    for line in errors:
        print(line, file=sys.stderr)
    print(f"include table: {len(sources(root))} files, {len(errors)} violations")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
