"""Makes the golden texts of the tokenizer's test from transformers' BertTokenizer.

Run: ~/.cache/flava/peers/bin/python test/golden/text/make_text.py && npx prettier --write test/golden/text

`ids` and `decoded` come from the fast tokenizer; `slow` is present where the slow one gives other ids.
"""

import hashlib
import json
from pathlib import Path

import tokenizers
import transformers
from transformers import BertTokenizer
from transformers.models.bert.tokenization_bert_legacy import BertTokenizerLegacy

HERE = Path(__file__).parent
VOCABULARY = HERE.parents[2] / "vocabulary" / "vocab.txt"

TEXTS = [
    "",
    " ",
    "Hello World!",
    "A photo of the small brown dog, running on grass.",
    "unaffable tokenization of antidisestablishmentarianism",
    "don't stop; we're O'Neill's, and I'm \u201cfine\u201d \u2018here\u2019 ... isn't it?",
    "tabs\tand\nlines\r\nand\x0bvertical\x0cfeeds\x85next\u2028line\u2029paragraph",
    "nul\x00inside, bell\x07, escape\x1b[0m, delete\x7f, c1\x9c.",
    "no\u00a0break\u202fnarrow\u3000ideographic\u2003em\u1680ogham\u205fmath",
    "zero\u200bwidth\u200cnon\u200djoiner\u2060word\ufeffbom, soft\u00adhyphen, \u180emongolian",
    "replacement\ufffdcharacter, private\ue000use, noncharacter\uffff\ufdd0",
    "caf\u00e9 cafe\u0301 na\u00efve Z\u00fcrich \u00c5ngstr\u00f6m \u212bngstr\u00f6m \u1e9b\u0323 Vi\u1ec7t Nam",
    "z\u0335\u0321\u0301a\u0300\u0316\u0317l\u0338g\u0322o\u0334 \u0301alone \u20ddring \u0903mark",
    "\u0130stanbul \u0131l\u0131k I\u0307 DI\u015e",
    "Stra\u00dfe STRASSE \u1e9e gro\u00df",
    "\ufb01ne \ufb02ow \ufb03 \u0133sland \u01c4ungla \u01c5 \u0153uvre \u00c6on \u0152dipus",
    "\u041c\u043e\u0441\u043a\u0432\u0430 \u0419\u043e\u0433 \u0451\u043b\u043a\u0430 \u040b\u0438\u0440\u0438\u043b\u0438\u0446\u0430",
    "\u1f08\u03b8\u1fc6\u03bd\u03b1\u03b9 \u03bf\u03b4\u03cc\u03c2 \u03c3\u03b5",
    "\u039f\u0394\u039f\u03a3 \u03a3 \u03a3\u0391\u03a3. \u0391\u03a3\u03a3",
    "\u4e2d\u6587\u5b57 and \u6771\u4eac\u3001\u65e5\u672c\u3002\u3072\u3089\u304c\u306a\u30ab\u30bf\u30ab\u30ca\uff76\uff9e",
    "a\U00020000b\U0002a6df\U0002b740\U0002b820c\U0002b920d\U0002f82b\uf900\u9fff\ua000",
    "\ud55c\uad6d\uc5b4 \u1112\u1161\u11ab\u1100\u116e\u11a8 \u3131\u314f",
    "\u0645\u0631\u062d\u0628\u0627 \u0645\u064e\u0631\u0652\u062d\u064e\u0628\u064b\u0627 \u05e9\u05dc\u05d5\u05dd \u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd \u200frtl\u202emark\u202c",
    "\u0939\u093f\u0928\u094d\u0926\u0940 \u0e44\u0e17\u0e22 \u0ba4\u0bae\u0bbf\u0bb4\u0bcd \u0995\u09cb \u10d7\u10d1 \u1c97",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f44d\U0001f3fd \u2764\ufe0f \U0001f1e8\U0001f1ed 1\ufe0f\u20e3 \u263a",
    "cat\U0001f431dog",
    "x" * 100,
    "x" * 101,
    "\u00e9" * 100 + " " + "e\u0301" * 100 + " " + "\U0001f431" * 100,
    "short " + "supercalifragilistic" * 6 + " words",
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "\u00a1\u00a7\u00ab\u00b6\u00b7\u00bb\u00bf\u2013\u2014\u2026\u2030\u2032\u203d\u2044\u3001\uff01\uff5e\u00a9\u00ae\u2122\u20ac\u00a3\u00b0\u00b1\u00d7\u2190\u221e",
    "a-b_c d--e f__g (h)[i]{j} k/l\\m n+o=p q*r s^t u|v w~x y`z",
    "3.14 1,000,000 2^10 \u00bd \u00b2 \u2167 \u2460 \u0663\u0664 1e-5 0x1F 20th 1990s 12345678901234567890",
    "see https://somewhere/a/b.html?c=d&e=%20#f or mail Some.One+tag@some.where @handle #hashtag",
    "a [MASK] of [SEP] and [CLS] but [PAD][UNK] too",
    "[mask] [Mask] [ MASK ] [MASK]s x[MASK]y [[MASK]] [MAS\u200bK] [MASK\u0301]",
    "[unused0] [unused99] ##ing ## ### ##",
    "<img src=\"x.jpg\" alt='y'> &amp; <b>bold</b> {{x}} $x$ \\LaTeX",
    " leading and trailing   many    spaces ",
    "\u02bcmodifier \u02d0long \u1d2calpha \u2071 \u00aa\u00ba \uff21\uff22\uff23\uff11\uff12",
    "\u01f0\u0149 \u1e96\u1e97\u1e98 \u0344 \u0390\u03b0 \u0958\u0929 \u2adc \ufb1d\ufb2a",
    "ALL CAPS \u00c0\u00c9\u00ce\u00d5\u00dc \u0106\u0141\u00d8\u0110\u0126 \u01cd\u1e0c",
    " ".join(["a rather long text that goes on and on, with words enough to fill a row"] * 12),
]

# Blocks whose characters both tokenizers know, as (first, end).
BLOCKS = [(0x0, 0x61D), (0x1E00, 0x2E3D), (0x3000, 0x9FF0), (0xAC00, 0xD800), (0xF900, 0x10000), (0x1F000, 0x1FB00)]
BLOCKS += [(0x1FFF0, 0x20010), (0x2A600, 0x2A740), (0x2B700, 0x2B930), (0x2CEA0, 0x2CEB8), (0x2F7F0, 0x2FA30)]


def main():
    lines = VOCABULARY.read_text(encoding="utf-8").splitlines()
    fast = BertTokenizer(vocab={piece: index for index, piece in enumerate(lines)})
    slow = BertTokenizerLegacy(str(VOCABULARY))
    cases = []
    for text in TEXTS:
        ids = fast(text)["input_ids"]
        case = {"text": text, "ids": ids, "decoded": fast.decode(ids, skip_special_tokens=True)}
        cases.append(case | ({"slow": slow(text)["input_ids"]} if slow(text)["input_ids"] != ids else {}))
    blocks = []
    for first, end in BLOCKS:
        texts = [text for code in range(first, end) for text in (chr(code), f"a{chr(code)}b")]
        ids = fast(texts, add_special_tokens=False)["input_ids"]
        lines = "\n".join(",".join(map(str, row)) for row in ids)
        blocks.append({"first": first, "end": end, "sha256": hashlib.sha256(lines.encode()).hexdigest()})
    long = TEXTS[-1]
    truncated = {
        str(maximum): fast(long, truncation=True, max_length=maximum)["input_ids"] for maximum in (2, 3, 12, 77, 512)
    }
    made = {
        "transformers": transformers.__version__,
        "tokenizers": tokenizers.__version__,
        "cases": cases,
        "blocks": blocks,
        "truncated": truncated,
    }
    (HERE / "text.json").write_text(json.dumps(made, ensure_ascii=True) + "\n")


main()
