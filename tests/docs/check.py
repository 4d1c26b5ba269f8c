"""Checks the documentation: every relative link and anchor leads somewhere, every committed JSON sample parses,
every setting that a document names is explained in docs/configuration.md, and every file named in `code` exists."""

import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
FENCE = re.compile(r"^(```|~~~)(\w*)[^\n]*\n(.*?)^\1", re.M | re.S)
SETTING = re.compile(r"\bORGANICAGENT_[A-Z_]+\b")
# Not settings of the product: they steer the tests.
TESTS_ONLY = ("ORGANICAGENT_TEST_", "ORGANICAGENT_KILLS", "ORGANICAGENT_LONG")


def tracked(pattern):
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split("\n")
    return sorted({ROOT / name for name in names if name and (ROOT / name).exists()})


def anchors(text):
    """The anchors of a document's headings, as the usual forges make them."""
    found = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", FENCE.sub("", text), re.M):
        plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        number, unique = 0, slug
        while unique in found:
            number += 1
            unique = f"{slug}-{number}"
        found.add(unique)
    return found


def main():
    problems = []
    documents = tracked("*.md")
    explained = set(SETTING.findall((ROOT / "docs/configuration.md").read_text(encoding="utf-8")))
    checked = 0
    for document in documents:
        text = document.read_text(encoding="utf-8")
        name = document.relative_to(ROOT)
        prose = FENCE.sub("", text)
        for target in LINK.findall(re.sub(r"`[^`\n]*`", "", prose)):
            checked += 1
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            path, _, anchor = unquote(target).partition("#")
            file = (document.parent / path).resolve() if path else document
            if not file.exists():
                problems.append(f"{name}: no such file: {target}")
            elif ROOT not in file.parents and file != ROOT:
                problems.append(f"{name}: leads out of the project: {target}")
            elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text(encoding="utf-8")):
                problems.append(f"{name}: no such heading: {target}")
        for _, language, body in FENCE.findall(text):
            if language == "json":
                checked += 1
                try:
                    json.loads(body)
                except ValueError as error:
                    problems.append(f"{name}: a JSON sample does not parse: {error}")
        for setting in sorted(set(SETTING.findall(text))):
            if setting not in explained and not setting.startswith(TESTS_ONLY):
                problems.append(f"{name}: {setting} is not explained in docs/configuration.md")
        for path in re.findall(r"`((?:crates|docs|packaging|tests|bench)/[\w./-]+)`", prose):
            checked += 1
            if not (ROOT / path).exists():
                problems.append(f"{name}: no such file: {path}")
    for problem in problems:
        print(problem)
    print(f"{len(documents)} documents, {checked} references, {len(problems)} problems")
    return 1 if problems else 0


sys.exit(main())
