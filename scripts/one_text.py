#!/usr/bin/env python3
"""Which source files can be read as one text: those that define no name of the outermost level twice.

    scripts/one_text.py folder [-- target source...]...

Writes the texts of each target to the folder and prints a line "target text" for each. Most of what a
compiler or clang-tidy reads are headers; files that stand in one text share them. A file with macros of
its own stays alone.
"""
import pathlib, re, sys

MAX_FILES = 8  # of a text: after a change of one, all of them are compiled
PASSED_OVER = re.compile(r"[A-Z_]+\(|#|//|namespace|template|[\s})]|$")
# The formatter indents nothing inside namespaces, so what stands at the margin is of the outermost level.
DEFINED = (re.compile(r"(?:struct|class|enum(?: class)?|union)\s+(\w+)\b(?!.*;$)"),
           re.compile(r"using\s+(\w+)\s*="),
           re.compile(r'[\w:<>,&*\s\[\]"()]*?(?<!:)\b(\w+)(?:\(|\s*=|\{|\[)'))
HIDING = re.compile(r"\bk[A-Z]\w+|(?<=using )\w+(?= =)")


def names_in(source):
    """What the file defines, and the constants and short names for types that it has anywhere: one further
    in would hide another file's. None: it stays alone."""
    text = pathlib.Path(source).read_text()
    defined = set()
    for line in text.splitlines():
        if line.startswith("#define"):
            return None
        if not PASSED_OVER.match(line):
            defined.update(match.group(1) for match in (pattern.match(line) for pattern in DEFINED) if match)
    return defined, set(HIDING.findall(text))


def agree(one, other):
    return not (one[0] & other[0] or one[0] & other[1] or one[1] & other[0])


def texts_of(sources, most=MAX_FILES):
    """Lists of files, in the order given; first fit."""
    texts = []
    for source in sources:
        names = names_in(source)
        for members, taken in texts:
            if names and taken and len(members) < most and agree(names, taken):
                members.append(source)
                for mine, theirs in zip(names, taken):
                    theirs |= mine
                break
        else:
            texts.append(([source], names))
    return [members for members, _ in texts]


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for words in " ".join(sys.argv[2:]).split("-- ")[1:]:
        target, *sources = words.split()
        for number, members in enumerate(texts_of(sources)):
            path = folder / f"{target}_{number}.cpp"
            text = "".join(f'#include "{source}"\n' for source in members)
            if not path.exists() or path.read_text() != text:
                path.write_text(text)
            print(target, path)


if __name__ == "__main__":
    main()
