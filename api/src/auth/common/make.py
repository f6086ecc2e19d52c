#!/usr/bin/env python3
"""Makes `common.bin` from lists of passwords, one on each line: `cat LISTS | ./make.py > common.bin`.

What is kept of each is the first five bytes of the SHA-256 of its NFC in lower case; sorted, so that a search finds it.
Entries under eight characters are left out: no password may be so short.
"""
import hashlib
import sys
import unicodedata

words = {unicodedata.normalize("NFC", line.rstrip("\n")).lower() for line in sys.stdin.buffer.read().decode().splitlines()}
marks = sorted({hashlib.sha256(word.encode()).digest()[:5] for word in words if len(word) >= 8})
sys.stdout.buffer.write(b"".join(marks))
