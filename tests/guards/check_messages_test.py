#!/usr/bin/env python3
"""tools/check_messages.py finds what it is for, and nothing else."""
import importlib.util
import pathlib
import unittest

SCRIPT = pathlib.Path(__file__).parents[2] / "tools" / "check_messages.py"
spec = importlib.util.spec_from_file_location("check_messages", SCRIPT)
check_messages = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check_messages)

FIELDS = {"nbest", "rate_hz", "seed"}


class CheckMessages(unittest.TestCase):
    def test_a_flag_in_a_text_is_found(self):
        for line in ('fail(code, "--nbest {} must be 1");', 'help = "see --ref-channels";'):
            self.assertTrue(check_messages.violations("src/a.cc", line, FIELDS), line)

    def test_a_field_that_nothing_describes_is_found(self):
        self.assertTrue(check_messages.violations("src/a.cc", 'fail(code, "`nbst` is 1");', FIELDS))

    def test_fields_comments_and_other_dashes_are_not(self):
        for line in ('fail(code, "`nbest` is {}; `split.seed` too", n);', "// --nbest", 'x = "a--b";',
                     'text += "- `" + line + "`";', 'text = "```\\n";', 'x = "--";'):
            self.assertEqual(check_messages.violations("src/a.cc", line, FIELDS), [], line)

    def test_fields_come_from_descriptions_and_flags(self):
        text = 'visitor.field("rate_hz", o.rate_hz); flags.add("test-data,data", d);\nflags.add_field("pause_s", "pause", p);'
        self.assertEqual(check_messages.described(text), {"rate_hz", "test_data", "pause_s"})


if __name__ == "__main__":
    unittest.main()
