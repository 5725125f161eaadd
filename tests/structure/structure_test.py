#!/usr/bin/env python3
"""Holds the sources to the rules in rules.py, and each rule to what it says: on a small tree that breaks it, it must speak.

    tests/structure/structure_test.py    also run by ctest
"""
import pathlib, sys, tempfile, unittest

sys.dont_write_bytecode = True  # nothing is left in the checkout
import rules

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODULES = "rp_module(core LIBRARIES fmt)\nrp_module(state DEPENDS core)\nrp_module(proxy DEPENDS state\n          LIBRARIES curl)\n"
CLASS = "namespace responses_proxy {{\nclass {} final : public Base {{\n  int a;\n}};\n}}\n"

# (rule, files, a part of what it says; None: nothing)
CASES = (
    (rules.arrows_go_down, {"lib/proxy/a.cpp": '#include "core/b.h"\n', "lib/core/b.h": ""}, None),
    (rules.arrows_go_down, {"lib/core/a.cpp": '#include "state/b.h"\n', "lib/state/b.h": ""}, "lib/core/a.cpp:1: core may not include state/b.h"),
    (rules.arrows_go_down, {"lib/core/a.cpp": '\n#include "server/b.h"\n', "server/b.h": ""}, "lib/core/a.cpp:2: core may not include server/b.h"),
    (rules.arrows_go_down, {"lib/core/a.cpp": '#include "gone.h"\n'}, "gone.h is no file of the project"),
    (rules.arrows_go_down, {"lib/new/a.cpp": ""}, "no rp_module(new)"),
    (rules.public_headers_are_public, {"include/responses_proxy/a.h": '#include <string>\n#include "responses_proxy/b.h"\n'}, None),
    (rules.public_headers_are_public, {"include/responses_proxy/a.h": '#include "core/b.h"\n'}, "may not include core/b.h"),
    (rules.public_headers_are_public, {"include/responses_proxy/a.h": "#include <curl/curl.h>\n"}, "may not include <curl/curl.h>"),
    (rules.public_headers_are_public, {"include/responses_proxy/event_loop.h": "#include <boost/asio/io_context.hpp>\n"}, None),
    (rules.public_headers_are_public, {"include/responses_proxy/a.h": "// See core/b.h.\n"}, "may not name core/b.h"),
    (rules.public_headers_are_public, {"include/responses_proxy/a.h": "namespace responses_proxy {\nclass Hidden;\n}\n"}, "Hidden is defined in no public header"),
    (rules.public_headers_are_public, {"include/responses_proxy/a.h": "namespace responses_proxy {\nclass Shown;\n}\n", "include/responses_proxy/b.h": CLASS.format("Shown")}, None),
    (rules.public_headers_are_public, {"include/responses_proxy/a.h": "namespace RP_PUBLIC responses_proxy {\nclass Hidden;\n}\n"}, "Hidden is defined in no public header"),
    (rules.public_headers_are_exported, {"include/responses_proxy/a.h": "namespace RP_PUBLIC responses_proxy {\n}\n", "lib/core/a.h": "namespace responses_proxy {\n}\n"}, None),
    (rules.public_headers_are_exported, {"include/responses_proxy/a.h": "\nnamespace responses_proxy {\n}\n"}, "include/responses_proxy/a.h:2: write namespace RP_PUBLIC"),
    (rules.public_headers_are_exported, {"lib/core/a.h": "namespace RP_PUBLIC responses_proxy {\n}\n"}, "lib/core/a.h:1: RP_PUBLIC is for public headers"),
    (rules.levels_stand_alone, {"include/responses_proxy/dialect.h": '#include "responses_proxy/answer.h"\n',
                                "include/responses_proxy/answer.h": '#include "responses_proxy/lease.h"\n', "include/responses_proxy/lease.h": ""},
     "lease.h comes with it"),
    (rules.levels_stand_alone, {"include/responses_proxy/responses_proxy.h": '#include "responses_proxy/a.h"\n', "include/responses_proxy/a.h": "",
                                "include/responses_proxy/b.h": ""}, "does not include responses_proxy/b.h"),
    (rules.interfaces_are_small, {"include/responses_proxy/a.h": "class A {\n" + "  virtual void f() = 0;\n" * 5 + "};\n"}, None),
    (rules.interfaces_are_small, {"include/responses_proxy/a.h": "class A {\n" + "  virtual void f() = 0;\n" * 6 + "};\n"},
     "include/responses_proxy/a.h:1: A has 6 functions"),
    (rules.interfaces_are_small, {"include/responses_proxy/a.h": "class A {\n" + "  virtual void f() = 0;\n" * 3 + "};\n",
                                  "include/responses_proxy/b.h": "class B : public A {\n" + "  virtual void f() = 0;\n" * 3 + "};\n"},
     "include/responses_proxy/b.h:1: B has 6 functions"),
    (rules.no_include_cycles, {"lib/core/a.h": '#include "core/b.h"\n', "lib/core/b.h": '#include "core/c.h"\n', "lib/core/c.h": ""}, None),
    (rules.no_include_cycles, {"lib/core/a.h": '#include "core/b.h"\n', "lib/core/b.h": '#include "core/a.h"\n'}, "lib/core/a.h -> lib/core/b.h -> lib/core/a.h"),
    (rules.class_names_stand_once, {"lib/core/a.h": CLASS.format("Same"), "lib/state/b.cpp": CLASS.format("Same")}, "lib/state/b.cpp:2: responses_proxy::Same is defined in lib/core/a.h:2 already"),
    (rules.class_names_stand_once, {"lib/core/a.h": CLASS.format("A"), "lib/core/b.h": "namespace responses_proxy {\nclass A;\nvoid f(struct B& b) {\n  struct A { int c; };\n}\nenum class C : int { a };\n}\n// class A {};\n"}, None),
    (rules.class_names_stand_once, {"lib/core/a.h": CLASS.format("Field"), "lib/core/b.h": CLASS.format("Field").replace("responses_proxy", "responses_proxy::config")}, None),
    (rules.class_names_stand_once, {"lib/core/a.cpp": CLASS.format("Own").replace("responses_proxy", ""), "lib/core/b.cpp": CLASS.format("Own").replace("responses_proxy", "")}, None),
    (rules.time_is_injected, {"lib/core/a.cpp": "// not std::chrono::steady_clock::now()\nauto now = clock.steady();\n", "server/b.cpp": "SystemClock c;\n"}, None),
    (rules.time_is_injected, {"lib/core/a.cpp": "\nauto now = std::chrono::steady_clock::now();\n"}, "lib/core/a.cpp:2: steady_clock::now"),
    (rules.time_is_injected, {"lib/core/a.cpp": "using Steady = std::chrono::steady_clock;\n"}, "steady_clock;"),
    (rules.time_is_injected, {"lib/core/a.h": "boost::asio::steady_timer timer_;\n"}, "lib/core/a.h:1: steady_timer"),
    (rules.time_is_injected, {"include/responses_proxy/a.h": "SystemClock clock_;\n"}, "SystemClock"),
    (rules.time_is_injected, {"lib/core/a.cpp": "std::random_device device;\n"}, "random_device"),
    (rules.pauses_have_a_reason, {"lib/core/a.cpp": "wait_for_sockets();\nanswers.wait_for_all();\nwait_until_idle(timeout);\n"}, None),
    (rules.pauses_have_a_reason, {"lib/core/a.cpp": "wake_.wait_for(lock, kPause);\n"}, "wait_for( blocks its thread"),
    (rules.dialect_words_stand_in_dialects, {"lib/dialects/a.cpp": 'f("response.created");\n', "lib/proxy/a.cpp": '// "response.created"\nf("response");\n'}, None),
    (rules.dialect_words_stand_in_dialects, {"lib/proxy/a.cpp": '\nf("response.created");\n'}, "lib/proxy/a.cpp:2: response.created is a word of a dialect"),
    (rules.pauses_have_a_reason, {"lib/core/a.cpp": "std::this_thread::sleep_for(kPause);\n"}, "sleep_for blocks its thread"),
)


class Structure(unittest.TestCase):
    def test_the_project_keeps_every_rule(self):
        tree = rules.Tree(ROOT)
        self.assertGreater(len(tree.files), 100)
        self.assertGreater(len(tree.modules), 10)
        self.assertGreater(sum(1 for text in tree.files.values() for _ in rules.classes_of(text)), 200)
        for rule in rules.RULES:
            with self.subTest(rule.__doc__):
                self.assertEqual([], list(rule(tree)))

    def test_every_rule_speaks_when_it_is_broken(self):
        for rule, files, says in CASES:
            with self.subTest(rule.__name__, files=files), tempfile.TemporaryDirectory() as folder:
                for name, text in {"lib/CMakeLists.txt": MODULES, **files}.items():
                    path = pathlib.Path(folder, name)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(text)
                found = list(rule(rules.Tree(folder)))
                if says is None:
                    self.assertEqual([], found)
                else:
                    self.assertTrue(any(says in line for line in found), f"{says!r} in {found}")

    def test_a_module_may_use_what_stands_above_it_only(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "lib").mkdir()
            pathlib.Path(folder, "lib/CMakeLists.txt").write_text("rp_module(core DEPENDS state)\nrp_module(state)\n")
            found = list(rules.arrows_go_down(rules.Tree(folder)))
            self.assertEqual(["lib/CMakeLists.txt: module core depends on state, which does not stand above it"], found)

    def test_every_rule_has_a_case(self):
        without = set(rules.RULES) - {rule for rule, _, _ in CASES} - {rules.exceptions_are_needed}
        self.assertEqual(set(), without)

    def test_an_exception_without_a_reason_left_is_told(self):
        with tempfile.TemporaryDirectory() as folder:
            header = pathlib.Path(folder, "include/responses_proxy/event_loop.h")
            header.parent.mkdir(parents=True)
            header.write_text("#include <memory>\n")
            found = list(rules.exceptions_are_needed(rules.Tree(folder)))
            self.assertIn("include/responses_proxy/event_loop.h needs no entry in THIRD_PARTY_ALLOWED any more", found)


if __name__ == "__main__":
    unittest.main()
