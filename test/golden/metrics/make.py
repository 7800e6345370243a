"""Makes metrics.json: values of scikit-learn, SciPy and VQA's own scorer for the tests of src/eval/metrics.

Run: python make.py VQA-EVAL, in an environment with scikit-learn and SciPy, where VQA-EVAL is
PythonEvaluationTools/vqaEvaluation/vqaEval.py of github.com/GT-Vision-Lab/VQA (a013f00).
"""

import json
import random
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, matthews_corrcoef, roc_auc_score

warnings.filterwarnings("ignore", category=SyntaxWarning)
random_numbers = np.random.default_rng(20211208)


def agreement(count, classes, share):
    labels = random_numbers.integers(0, classes, count)
    guesses = random_numbers.integers(0, classes, count)
    predicted = np.where(random_numbers.random(count) < share, labels, guesses)
    return compared(predicted, labels)


def compared(predicted, labels):
    return {
        "predicted": np.asarray(predicted).tolist(),
        "labels": np.asarray(labels).tolist(),
        "accuracy": accuracy_score(labels, predicted),
        "f1": f1_score(labels, predicted, labels=[1], average="macro", zero_division=0),
        "macroF1": f1_score(labels, predicted, average="macro", zero_division=0),
        "meanPerClass": balanced_accuracy_score(labels, predicted),
        "matthews": matthews_corrcoef(labels, predicted),
    }


def correlation(count, levels):
    """Numbers with many ties, as STS-B's."""
    a = random_numbers.integers(0, levels, count) / 4
    b = a + random_numbers.normal(0, 1, count).round(1)
    return {"a": a.tolist(), "b": b.tolist(), "pearson": pearsonr(a, b)[0], "spearman": spearmanr(a, b)[0]}


def area(count, levels):
    labels = random_numbers.integers(0, 2, count)
    scores = (random_numbers.normal(0, 1, count) + labels).round(levels)
    return {"scores": scores.tolist(), "labels": labels.tolist(), "auroc": roc_auc_score(labels, scores)}


def official_scorer(path):
    """VQA's scorer, which is Python 2."""
    source = re.sub(r'print ("[^"]*")', r"print(\1)", Path(path).read_text("utf-8"))
    space = {}
    exec(compile(source, path, "exec"), space)
    return space["VQAEval"]


class Answers:
    def __init__(self, answers):
        self.qa = answers

    def getQuesIds(self):
        return list(self.qa)


PEOPLE = [
    ["yes"] * 10,
    ["yes."] * 10,
    ["yes", "Yes", "yes.", "no", "no", "No!", "maybe", "yes", "yes", "yes"],
    ["2", "two", "Two", "the two", "2.", "3", "three", "none", "zero", "0"],
    ["a dog", "the dog", "dog", "dogs", "Dog.", "brown dog", "brown-dog", "brown - dog", "dog, brown", "dog"],
    ["1,000", "1000", "1,000 people", "1000 people", "1,000, people", "1.5", "1.5.", ".5", "1.", "a thousand"],
    ["dont", "don't", "do not", "Im", "i'm", "couldnt've", "couldn'tve", "somebody'd", "yall", "y'all'd've"],
    ["it's 3:30", "3:30", "3:30 pm", "it's 3:30", "its 3:30", "3.30", "half past three", "3:30", "oclock", "3 o'clock"],
    ["black/white", "black / white", "black and white", "black & white", "black;white", "[black]", '"black"', "black_white", "black", "white"],
    ["a\tb", "a b", " a b ", "a\nb", "an a b", "the", "A", "", "b", "B?"],
    ["x" + "." * 40, "x" + "." * 8, "x", "x.y", "x. y", "x.5", "5.x", "?", "what?", "what ?"],
]


def vqa(scorer):
    rows = []
    for answers in PEOPLE:
        for answer in sorted(set(answers) | {"2", "yes", "dog", "Don't", "1000", "ten", "x........"}):
            people = [{"answer": text, "answer_id": i} for i, text in enumerate(answers)]
            asked = {0: {"answers": people, "question_type": "", "answer_type": ""}}
            judge = scorer(Answers(asked), Answers({0: {"answer": answer}}), n=6)
            judge.updateProgress = lambda progress: None
            judge.evaluate()
            rows.append({"people": PEOPLE.index(answers), "answer": answer, "accuracy": judge.accuracy["overall"]})
    words = sorted({text for answers in PEOPLE for text in answers} | set(judge.contractions) | set(judge.manualMap))
    normalized = {text: normalize(judge, text) for text in words}
    return {"people": PEOPLE, "rows": rows, "normalized": normalized}


def normalize(judge, text):
    text = text.replace("\n", " ").replace("\t", " ").strip()
    return judge.processDigitArticle(judge.processPunctuation(text))


golden = {
    "versions": {"scikit-learn": sklearn.__version__, "scipy": scipy.__version__},
    "agreement": [
        agreement(60, 2, 0.7),
        agreement(40, 3, 0.4),
        agreement(50, 12, 0.5),
        compared([0, 0, 0, 0], [0, 1, 0, 1]),
        compared([1, 0, 1], [0, 0, 0]),
        compared([0, 1, 1], [0, 1, 1]),
    ],
    "correlation": [correlation(50, 21), correlation(9, 3)],
    "auroc": [area(40, 3), area(60, 0)],
    "vqa": vqa(official_scorer(sys.argv[1])),
}
Path(__file__).with_name("metrics.json").write_text(json.dumps(golden, ensure_ascii=False) + "\n", "utf-8")
