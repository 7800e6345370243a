"""transformers' side of the model benchmark: FLAVA at base size, used as in its documentation."""

import torch
from torch.nn import functional as F
from transformers import FlavaConfig, FlavaForPreTraining, FlavaModel
from transformers.utils import logging

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
HIDDEN_TOKENS = 0.15  # of each text
HIDDEN_PATCHES = 75  # of the 196 of each image


def build():
    return FlavaForPreTraining(FlavaConfig())  # whose defaults are the base size


def images(config, batch):
    size = config.image_config.image_size
    return torch.rand(batch, 3, size, size) - 0.5


def texts(config, work):
    """Random words, padded to the length in the work."""
    lengths, padded = torch.tensor(work["texts"]["lengths"]), work["texts"]["padded"]
    mask = torch.arange(padded) < lengths[:, None]
    ids = torch.randint(1, config.text_config.vocab_size, mask.shape) * mask
    return {"input_ids": ids, "attention_mask": mask.long()}


def masked_texts(config, work):
    """The same with the first tokens of each text masked, and their labels."""
    made = texts(config, work)
    ids = made["input_ids"]
    count = (made["attention_mask"].sum(1) * HIDDEN_TOKENS).round()
    hidden = torch.arange(ids.shape[1]) < count[:, None]
    masked = {"input_ids_masked": torch.where(hidden, 103, ids), "mlm_labels": torch.where(hidden, ids, -100)}
    return made | masked


def masked_images(config, batch):
    side = config.image_config.image_size // config.image_config.patch_size
    hidden = (torch.arange(side * side) < HIDDEN_PATCHES).view(1, side, side).repeat(batch, 1, 1)
    seen = 0.1 + 0.8 * torch.rand(batch, 3, 8 * side, 8 * side)
    return {"pixel_values": images(config, batch), "bool_masked_pos": hidden, "codebook_pixel_values": seen}


def pretraining_inputs(config, work):
    batch = work["batch"]
    if work["samples"] == "image":
        return masked_images(config, batch)
    if work["samples"] == "text":
        return masked_texts(config, work)
    match = torch.ones(batch, dtype=torch.long)
    match[0] = 0
    return masked_images(config, batch) | masked_texts(config, work) | {"itm_labels": match}


def pretrain(work):
    """Forward, backward and AdamW; bfloat16 means autocast over float32 weights."""
    model = build().train()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0.01, fused=True)
    inputs = pretraining_inputs(model.config, work)

    def run():
        with torch.autocast("cpu", torch.bfloat16, enabled=work["dtype"] == "bfloat16"):
            loss = model(**inputs).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    return run


class Tuned(torch.nn.Module):
    """FLAVA's encoders with a head on a class token; the encoders are called one by one, to interpolate positions."""

    def __init__(self, encoder):
        super().__init__()
        self.flava = FlavaModel(FlavaConfig())
        width, hidden = self.flava.config.hidden_size, 1536
        two_layers = torch.nn.Sequential(torch.nn.Linear(width, hidden), torch.nn.GELU(), torch.nn.Linear(hidden, 3))
        self.head = torch.nn.Linear(width, 3) if encoder == "text" else two_layers

    def forward(self, texts, pixels=None):
        text = self.flava.text_model(**texts, output_hidden_states=True)
        if pixels is None:
            return self.head(text.last_hidden_state[:, 0])
        image = self.flava.image_model(pixels, interpolate_pos_encoding=True, output_hidden_states=True)
        images = self.flava.image_to_mm_projection(image.hidden_states[-1])
        words = self.flava.text_to_mm_projection(text.hidden_states[-1])
        both = self.flava.multimodal_model(torch.cat([images, words], 1))
        return self.head(both.last_hidden_state[:, 0])


def finetune(work):
    """Forward, backward and AdamW; bfloat16 means autocast over float32 weights."""
    model = Tuned(work["encoder"]).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.01, fused=True)
    batch, size = work["batch"], work.get("imageSize")
    words = texts(model.flava.config, work)
    pixels = None if size is None else torch.rand(batch, 3, size, size) - 0.5
    labels = torch.randint(0, 3, (batch,))

    def run():
        with torch.autocast("cpu", torch.bfloat16, enabled=work["dtype"] == "bfloat16"):
            loss = F.cross_entropy(model(words, pixels), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    return run


def apply(work):
    """Embeddings of length 1, or the probability that image and text match; weights in the work's dtype."""
    dtype = DTYPES[work["dtype"]]
    model = build().to(dtype).eval()
    pixels = images(model.config, work["batch"]).to(dtype)
    words = texts(model.config, work) if "texts" in work else {}

    def image_embedding():
        features = model.flava.get_image_features(pixel_values=pixels).pooler_output
        return F.normalize(features[:, 0], dim=-1)

    def text_embedding():
        features = model.flava.get_text_features(**words).pooler_output
        return F.normalize(features[:, 0], dim=-1)

    def itm_score():
        output = model.flava(pixel_values=pixels, **words)
        return model.itm_head(output.multimodal_embeddings).softmax(-1)[:, 1]

    outputs = {"image embedding": image_embedding, "text embedding": text_embedding, "ITM score": itm_score}
    return torch.inference_mode()(outputs[work["output"]])


def load(work):
    """From a directory to a usable model; its weights are mapped, and read from the file on first use."""
    logging.disable_progress_bar()
    return lambda: FlavaForPreTraining.from_pretrained(work["directory"])


WORKS = {"pretrain": pretrain, "finetune": finetune, "apply": apply, "load": load}
