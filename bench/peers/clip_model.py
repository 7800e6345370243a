"""Writes a CLIP with random weights and the sizes of the FLAVA that ships, for servers that read CLIP but not FLAVA.

  python clip_model.py DIRECTORY VOCABULARY   VOCABULARY: the file of word pieces, of which the whole words are taken
"""

import json
import sys
from pathlib import Path

import torch
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizer


def tower(layers):
    return {"hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": layers, "num_attention_heads": 4}


def tokenizer(directory, vocabulary):
    """Byte-pair encoding whose merges make the whole words of the vocabulary letter by letter, so that texts have as many tokens."""
    words = [w for w in Path(vocabulary).read_text().split("\n") if w.isascii() and w.isalpha() and 1 < len(w) < 9][:4000]
    pieces = {}
    merges = {}
    letters = [chr(c) for c in range(33, 127)]
    for letter in letters:
        pieces[letter] = len(pieces)
    for letter in letters:
        pieces[letter + "</w>"] = len(pieces)
    for word in words:
        made = word[0]
        for place, letter in enumerate(word[1:], 1):
            end = "</w>" if place == len(word) - 1 else ""
            merges[f"{made} {letter}{end}"] = None
            made += letter + end
            pieces.setdefault(made, len(pieces))
    for special in ("<|startoftext|>", "<|endoftext|>"):
        pieces[special] = len(pieces)
    (directory / "vocab.json").write_text(json.dumps(pieces))
    (directory / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    return CLIPTokenizer(str(directory / "vocab.json"), str(directory / "merges.txt"), model_max_length=128)


def main():
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    tokens = tokenizer(directory, sys.argv[2])
    config = CLIPConfig(
        text_config={
            **tower(4),
            "vocab_size": 30522,
            "max_position_embeddings": 128,
            "bos_token_id": tokens.bos_token_id,
            "eos_token_id": tokens.eos_token_id,
            "pad_token_id": tokens.pad_token_id,
        },
        vision_config={**tower(10), "image_size": 64, "patch_size": 8},
        projection_dim=128,
    )
    CLIPModel(config).save_pretrained(directory)
    square = {"height": 64, "width": 64}
    images = CLIPImageProcessor(size=square, crop_size=square)
    CLIPProcessor(images, tokens).save_pretrained(directory)


if __name__ == "__main__":
    main()
