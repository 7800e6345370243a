"""Makes probe.json: losses of scikit-learn's logistic regression for the tests of src/eval/probe.

Run: python make.py, in an environment with scikit-learn.
"""

import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression

ITEMS, WIDTH, CLASSES = 90, 7, 4
random_numbers = np.random.default_rng(20211208)
labels = random_numbers.integers(0, CLASSES, ITEMS)
centers = random_numbers.normal(0, 1, (CLASSES, WIDTH))
# As encoders' features: of different scales, and not around 0. Exact in float32.
scales = np.linspace(0.2, 3, WIDTH)
features = ((centers[labels] + random_numbers.normal(0, 1.2, (ITEMS, WIDTH))) * scales + 2).round(3).astype(np.float32)


def loss(probe, decay):
    """The sum of cross entropies plus decay / 2 times the squares of weights, per item."""
    logits = features.astype(np.float64) @ probe.coef_.T + probe.intercept_
    top = logits.max(1, keepdims=True)
    logs = logits - top - np.log(np.exp(logits - top).sum(1, keepdims=True))
    return (-logs[np.arange(ITEMS), labels].sum() + decay / 2 * (probe.coef_**2).sum()) / ITEMS


def fit(decay):
    """With CLIP's settings (L-BFGS, at most 1,000 iterations, the default tolerance), and to the minimum."""
    probe, exact = (
        LogisticRegression(C=1 / decay, max_iter=most, tol=tolerance).fit(features.astype(np.float64), labels)
        for most, tolerance in [(1000, 1e-4), (100000, 1e-10)]
    )
    accuracy = float((exact.predict(features) == labels).mean())
    return {"lambda": decay, "loss": loss(probe, decay), "least": loss(exact, decay), "accuracy": accuracy}


golden = {
    "versions": {"scikit-learn": sklearn.__version__},
    "width": WIDTH,
    "classes": CLASSES,
    "labels": labels.tolist(),
    "features": [float(str(value)) for value in features.ravel()],
    "fits": [fit(10.0**exponent) for exponent in [-6, -3, -1, 0, 1, 3]],
}
Path(__file__).with_name("probe.json").write_text(json.dumps(golden) + "\n", "utf-8")
