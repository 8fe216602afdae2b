#!/usr/bin/env python3
"""tools/check_writers.py finds what it is for, and nothing else."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tools"))
import check_writers

WRITERS = [
    "std::ofstream out(path);",
    "std::fstream both(path);",
    'std::FILE* file = std::fopen(name, "wb");',
    "const int fd = ::open(name, O_RDWR);",
    "::open(name, O_CREAT | O_EXCL, 0600);",
    "std::filesystem::rename(temporary, path);",
    "fs::copy_file(from, to);",
]
OTHERS = [
    "std::ifstream in(path);",
    "#include <fstream>",
    "write_text_file(path, text);",
    "::open(path.c_str(), O_RDONLY | O_CLOEXEC);",
    "// std::ofstream once",
    'fail(code, "std::ofstream(");',
    "source.open(path);",
    "is_open(path); reopen_stream(path);",
]


class CheckWriters(unittest.TestCase):
    def test_every_planted_writer_is_found(self):
        for line in WRITERS:
            self.assertTrue(check_writers.violations("src/io/a.cc", line), line)

    def test_readers_comments_and_texts_are_not(self):
        for line in OTHERS:
            self.assertEqual(check_writers.violations("src/io/a.cc", line), [], line)

    def test_an_exception_holds_for_its_file_only(self):
        line = "fs::rename(temporary_, target_, error);"
        self.assertEqual(check_writers.violations("src/core/file_writer.cc", line), [])
        self.assertTrue(check_writers.violations("src/core/file.cc", line))


if __name__ == "__main__":
    unittest.main()
