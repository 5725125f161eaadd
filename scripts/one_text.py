#!/usr/bin/env python3
"""Which source files can be read as one text: those that define no name of the outermost level twice.

    scripts/one_text.py [-- target source...]...     prints lines "target number source"

Most of what a compiler or clang-tidy reads are headers; files that stand in one text share them. A file
with macros of its own stays alone and is not printed.
"""
import pathlib, re, sys

MAX_FILES = 8  # of a text: after a change of one, all of them are compiled
PASSED_OVER = re.compile(r"[A-Z_]+\(|#|//|namespace|template|[\s})]|$")
# The formatter indents nothing inside namespaces, so what stands at the margin is of the outermost level.
DEFINED = (re.compile(r"(?:struct|class|enum(?: class)?|union)\s+(\w+)\b(?!.*;$)"),
           re.compile(r"using\s+(\w+)\s*="),
           re.compile(r'[\w:<>,&*\s\[\]"()]*?(?<!:)\b(\w+)(?:\(|\s*=|\{|\[)'))


def names_in(source):
    """None: the file stays alone."""
    names = set()
    for line in pathlib.Path(source).read_text().splitlines():
        if line.startswith("#define"):
            return None
        if not PASSED_OVER.match(line):
            names.update(match.group(1) for match in (pattern.match(line) for pattern in DEFINED) if match)
    return names


def texts_of(sources, most=MAX_FILES):
    """Lists of files, in the order given; first fit."""
    texts = []
    for source in sources:
        names = names_in(source)
        for members, taken in texts:
            if names is not None and taken is not None and len(members) < most and not names & taken:
                members.append(source)
                taken |= names
                break
        else:
            texts.append(([source], names))
    return [members for members, _ in texts]


def main():
    for words in " ".join(sys.argv[1:]).split("-- ")[1:]:
        target, *sources = words.split()
        for number, members in enumerate(texts_of(sources)):
            for source in members if len(members) > 1 else []:
                print(target, number, source)


if __name__ == "__main__":
    main()
