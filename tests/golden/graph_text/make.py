"""TF-IDF vectors by scikit-learn, and scores of lea.graph_text by NumPy and SciPy, on small made data. Writes
graph_text.json beside it. Needs numpy, scipy and scikit-learn.

    python make.py
"""
import json
import os
import random

import numpy as np
import scipy.sparse as sparse
from sklearn.feature_extraction.text import TfidfVectorizer

# Capitals, accents, scripts, digits, underscores, one-letter words, punctuation inside words, and texts without a word.
TEXTS = [
    "Steel Bolt M8, stainless steel; Bolt",
    "steel bolt m10 STAINLESS",
    "a B c nut_m8 nut_m8 Don't don't",
    "ÉCROU en acier inoxydable, écrou ΌΣΟΣ όσος",
    "écrou М8 из нержавеющей стали",
    "гайка М8 из НЕРЖАВЕЮЩЕЙ стали x2 x²",
    "不锈钢 螺母 不锈钢 İstanbul",
    "",
    "! ? -",
    "İSTANBUL 3/4 stainless steel pipe, 3.75 in. ½ steel",
    "cafe\u0301 naïve Ⅷ ٣٤ na\u00efve",
    "steel",
]


def dense(matrix):
    return [[round(float(x), 9) for x in row] for row in matrix.toarray()]


def vectors(texts, **options):
    vectorizer = TfidfVectorizer(**options)
    matrix = vectorizer.fit_transform(texts)
    return {"terms": list(vectorizer.get_feature_names_out()), "rows": dense(matrix)}


def without_ties(texts, most, **options):
    """Whether the choice of the `most` most frequent features has no tie."""
    from sklearn.feature_extraction.text import CountVectorizer
    counts = np.sort(np.asarray(CountVectorizer(**options).fit_transform(texts).sum(0)).ravel())[::-1]
    return counts[most - 1] > counts[most]


def toy(items, sequences):
    """Sequences that repeat items and transitions, and texts of few words, so that rows share features."""
    draw = random.Random(5)
    words = ["steel", "bolt", "nut", "pipe", "valve", "pump", "glove", "mask", "tape", "drill"]
    titles = [" ".join(draw.choice(words) for _ in range(draw.randint(1, 4))) for _ in range(items)]
    brands = [draw.choice(["Acme", "Ümlaut Werke", "", "Initech"]) for _ in range(items)]
    descriptions = [" ".join(draw.choice(words) for _ in range(120)) if draw.random() < .7 else "" for _ in range(items)]
    for column in (titles, brands, descriptions):
        column[3] = ""  # an item without any text
    walks = []
    for _ in range(sequences):
        walk = [draw.randint(1, items)]
        for _ in range(draw.randint(0, 8)):
            walk.append((walk[-1] * 3 + 1) % items + 1 if draw.random() < .6 else draw.randint(1, items))
        walks.append(walk)
    return walks, titles, brands, descriptions


def counts(walks, items, steps):
    matrix = np.zeros((items, items))
    for walk in walks:
        for a, b in zip(walk, walk[steps:]):
            matrix[a - 1, b - 1] += 1
    return matrix


def shares(matrix):
    return matrix / np.maximum(matrix.sum(1, keepdims=True), 1)


def graph_text(walks, documents, items, last, decay, forward, two_hops, backward, text, skip, popularity):
    T, B, K = shares(counts(walks, items, 1)), shares(counts(walks, items, 1).T), shares(counts(walks, items, 2))
    X = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, max_features=60000).fit_transform(documents)
    S = (X @ X.T).toarray()
    np.fill_diagonal(S, 0)
    M = forward * T + two_hops * np.asarray((sparse.csr_matrix(T) @ sparse.csr_matrix(T)).todense()) + backward * B + text * S
    held = np.bincount([i - 1 for walk in walks for i in walk], minlength=items)
    fallback = popularity * held / held.max()

    def score(history):
        scores = fallback.copy()
        for distance, item in enumerate(reversed(history[-last:])):
            scores += decay**distance * M[item - 1]
        if len(history) > 1:
            scores += skip * K[history[-2] - 1]
        return [round(float(x), 9) for x in scores]
    return score


ITEMS = 17
walks, titles, brands, descriptions = toy(ITEMS, 40)
histories = [[], [4], [2, 9], [9, 2, 9], [1, 5, 5, 17, 3], [16, 15, 14, 13, 12]]
recipes = {
    "auto": [" ".join([t, t, b[:300], d[:300]]) for t, b, d in zip(titles, brands, descriptions)],
    "title, description:20*2": [" ".join([t, d[:20], d[:20]]) for t, d in zip(titles, descriptions)],
}
settings = {
    "auto": dict(last=3, decay=.5, forward=1, two_hops=1, backward=.1, text=.2, skip=.1, popularity=1e-4),
    "title, description:20*2": dict(last=2, decay=.8, forward=.3, two_hops=.7, backward=.5, text=1.5, skip=.4, popularity=.01),
}
MOST = 5
assert without_ties(TEXTS, MOST, ngram_range=(1, 2), min_df=2)
result = {
    "texts": TEXTS,
    "tfidf": {
        "all": vectors(TEXTS, ngram_range=(1, 2), sublinear_tf=True, min_df=1),
        "of two texts": vectors(TEXTS, ngram_range=(1, 2), sublinear_tf=True, min_df=2),
        "most frequent": vectors(TEXTS, ngram_range=(1, 2), sublinear_tf=True, min_df=2, max_features=MOST),
        "words, plain counts": vectors(TEXTS, sublinear_tf=False, min_df=2),
    },
    "most": MOST,
    "items": ITEMS,
    "sequences": walks,
    "columns": {"title": titles, "brand": brands, "description": descriptions},
    "histories": histories,
    "graph_text": [
        {"columns": recipe, "settings": settings[recipe],
         "scores": [graph_text(walks, documents, ITEMS, **settings[recipe])(history) for history in histories]}
        for recipe, documents in recipes.items()],
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "graph_text.json"), "w") as file:
    json.dump(result, file, ensure_ascii=False, indent=None, separators=(",", ":"))
    file.write("\n")
