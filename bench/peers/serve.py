"""The peer's side of the benchmarks: runs the workloads of bench/work.ts with PyTorch.

Reads one JSON request a line, answers with one JSON line:
  {"do": "describe"}                             -> {"name": "PyTorch 2.15.0, transformers 5.23.0"}
  {"do": "prepare", "work": {...}, "threads": 2} -> {}
  {"do": "time"}                                 -> {"seconds": 0.123}
  {"do": "usage"}                                -> {"seconds": 4.56}, processor time of the process so far
  {"do": "memory"}                               -> {"bytes": 123456789}, the process's peak so far
"""

import json
import sys
import time
from importlib import import_module
from importlib.metadata import version

import torch

# The module whose WORKS prepare each kind of work; imported when needed, since its memory is measured too.
MODULES = {
    "product": "engine",
    "train": "engine",
    "infer": "engine",
    "tiny operations": "engine",
    "pretrain": "model",
    "finetune": "model",
    "apply": "model",
    "load": "model",
}


def prepare(work, threads):
    torch.manual_seed(0)
    torch.set_num_threads(threads)
    return import_module(MODULES[work["kind"]]).WORKS[work["kind"]](work)


def seconds_of(run):
    start = time.perf_counter()
    result = run()  # kept alive, so that freeing it is not timed
    seconds = time.perf_counter() - start
    del result
    return seconds


def peak_bytes():
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def main():
    run = None
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "describe":
            answer = {"name": f"PyTorch {torch.__version__}, transformers {version('transformers')}"}
        elif request["do"] == "prepare":
            run = None  # frees the previous work
            run = prepare(request["work"], request["threads"])
            answer = {}
        elif request["do"] == "time":
            answer = {"seconds": seconds_of(run)}
        elif request["do"] == "usage":
            answer = {"seconds": time.process_time()}
        elif request["do"] == "memory":
            answer = {"bytes": peak_bytes()}
        else:
            raise ValueError(f"cannot do {request['do']!r}: describe, prepare, time, usage or memory")
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
