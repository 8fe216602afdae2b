#!/usr/bin/env python3
"""tools/check_quiet.py finds what it is for, and nothing else."""
import importlib.util
import pathlib
import unittest

SCRIPT = pathlib.Path(__file__).parents[2] / "tools" / "check_quiet.py"
spec = importlib.util.spec_from_file_location("check_quiet", SCRIPT)
check_quiet = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check_quiet)

LOUD = [
    'fmt::print("{}", 1);',
    "std::cerr << 1;",
    "#include <iostream>",
    'std::fprintf(stderr, "x");',
    'printf("x");',
    "std::fflush(stdout);",
    "if (::isatty(2)) draw();",
    "::write(STDERR_FILENO, text, 1);",
    "std::signal(SIGPIPE, SIG_IGN);",
    "std::exit(1);",
    'log("https://a"); std::puts("b");',
]
QUIET = [
    "// once printed to std::cerr",
    "/* fmt::print(\n stderr) */ int x;",
    'fail(code, "use printf(...) instead");',
    "out << fmt::format(text);",
    "std::snprintf(buffer, size, text);",
    "Tensor signal(DType::kF32, shape);",
    "raise_signal(signal);",
    "io::stdout_like_name(x);",
]


class CheckQuiet(unittest.TestCase):
    def test_every_planted_line_is_found(self):
        for line in LOUD:
            self.assertTrue(check_quiet.violations("src/a.cc", line), line)

    def test_comments_texts_and_similar_names_are_not(self):
        for line in QUIET:
            self.assertEqual(check_quiet.violations("src/a.cc", line), [], line)

    def test_an_exception_holds_for_its_file_only(self):
        line = "::dup2(out, STDOUT_FILENO);"
        self.assertEqual(check_quiet.violations("src/profile/peer_process.cc", line), [])
        self.assertTrue(check_quiet.violations("src/a.cc", line))


if __name__ == "__main__":
    unittest.main()
