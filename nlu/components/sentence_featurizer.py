"""Sentence vectors for Rasa, from the same ONNX file that the directory's search uses.

Runs in Rasa's environment, where sentence-transformers cannot be installed, and so uses
onnxruntime and tokenizers. Must give the same vectors as `directory.encoder`.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer as RasaTokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, FEATURE_TYPE_SEQUENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from tokenizers import Tokenizer

_BATCH_SIZE = 16


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceFeaturizer(DenseFeaturizer, GraphComponent):
    """Gives each message one unit vector of 384 numbers.

    The encoder's folder is the one that `directory.encoder.prepare_encoder` made: that in the
    environment variable CONNECTOR_ENCODER, or `var/encoder`. `weight` is the vector's length,
    and so how much it weighs beside the counts of letters and words.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        return [RasaTokenizer]

    @staticmethod
    def required_packages() -> list[str]:
        return ["onnxruntime", "tokenizers"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {**DenseFeaturizer.get_default_config(), "max_tokens": 128, "weight": 1.0}

    def __init__(self, config: dict[str, Any], name: str) -> None:
        super().__init__(name, config)
        folder = Path(os.environ.get("CONNECTOR_ENCODER", "var/encoder"))
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(config["max_tokens"])
        self._tokenizer.enable_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(folder / "onnx" / "model_qint8_reduced.onnx"), options, ["CPUExecutionProvider"]
        )
        self._inputs = {node.name for node in self._session.get_inputs()}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "SentenceFeaturizer":
        return cls(config, execution_context.node_name)

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """There is nothing to check beyond the defaults."""

    def process(self, messages: list[Message]) -> list[Message]:
        with_text = [message for message in messages if message.get(TEXT)]
        for start in range(0, len(with_text), _BATCH_SIZE):
            batch = with_text[start : start + _BATCH_SIZE]
            vectors = self.encode([message.get(TEXT) for message in batch])
            for message, vector in zip(batch, vectors, strict=True):
                self._add_features(message, vector)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.training_examples)
        return training_data

    def encode(self, texts: list[str]) -> np.ndarray:
        """Unit vectors of shape (len(texts), 384)."""
        encodings = self._tokenizer.encode_batch(texts)
        mask = np.array([encoding.attention_mask for encoding in encodings], dtype=np.int64)
        ids = np.array([encoding.ids for encoding in encodings], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = self._session.run(None, {name: feed[name] for name in self._inputs})[0]
        summed = (hidden * mask[..., None]).sum(axis=1)
        return summed / np.linalg.norm(summed, axis=1, keepdims=True)

    def _add_features(self, message: Message, vector: np.ndarray) -> None:
        alias = self._config["alias"]
        tokens = max(1, len(message.get("text_tokens") or ()))
        row = (vector * self._config["weight"]).astype(np.float32)[None, :]
        # Rasa wants one row per token as well, and a sentence encoder gives only one row.
        message.add_features(
            Features(np.repeat(row, tokens, axis=0), FEATURE_TYPE_SEQUENCE, TEXT, alias)
        )
        message.add_features(Features(row, FEATURE_TYPE_SENTENCE, TEXT, alias))
