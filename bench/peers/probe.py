"""The peer's side of bench/probe.ts: CLIP's search for the regularization of a linear probe with scikit-learn.

python probe.py FOLDER WIDTH THREADS
"""

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

warnings.filterwarnings("ignore")  # fits with little decay do not converge in 1,000 iterations


def read(folder, part, width):
    features = np.fromfile(folder / f"{part}.features", np.float32).reshape(-1, width)
    return features, np.fromfile(folder / f"{part}.labels", np.int32)


def search(train, validation):
    tried = {}

    def attempt(exponent):
        if exponent not in tried and abs(exponent) <= 6:
            probe = LogisticRegression(C=1 / 10**exponent, max_iter=1000).fit(*train)
            tried[exponent] = float(probe.score(*validation))

    def best():
        return max(tried, key=lambda exponent: (tried[exponent], exponent))

    for exponent in range(-6, 7, 2):
        attempt(float(exponent))
    for step in [1, 1 / 2, 1 / 4, 1 / 8]:
        center = best()
        attempt(center + step)
        attempt(center - step)
    both = [np.concatenate(parts) for parts in zip(train, validation)]
    LogisticRegression(C=1 / 10 ** best(), max_iter=1000).fit(*both)
    return 10 ** best(), tried[best()]


def main(folder, width, threads):
    train, validation = (read(Path(folder), part, int(width)) for part in ["train", "validation"])
    with threadpool_limits(int(threads)):
        for _ in sys.stdin:
            start = time.perf_counter()
            decay, accuracy = search(train, validation)
            seconds = time.perf_counter() - start
            print(json.dumps({"seconds": seconds, "lambda": decay, "accuracy": accuracy}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
