"""Which intent a message has: logistic regression and the nearest examples, side by side.

Runs in Rasa's environment. Must store nothing that loading could execute: like Rasa's own
classifier, which it extends, it is stored with skops, which refuses unknown types.
"""

from typing import Any

import numpy as np
import skops.io
from numpy.typing import NDArray
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix, hstack, vstack
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import normalize


class LinearAndNearest:
    """The weighted mean of two classifiers' probabilities, sharpened.

    `linear` sees all features. `nearest` sees the first `nearest.n_features_in_`, the sentence
    vector: it knows an odd wording by its likeness to a few examples, where a line between
    intents must be right for all of them. A mean is less sure than it is right: raised to the
    power of `sharpness` and scaled to a sum of 1, it means what it says.
    """

    def __init__(
        self,
        linear: LogisticRegression,
        nearest: KNeighborsClassifier,
        weight: float,
        sharpness: float,
    ) -> None:
        self.linear = linear
        self.nearest = nearest
        self._weight = weight
        self._sharpness = sharpness

    @property
    def classes_(self) -> NDArray[np.str_]:
        """The intents, sorted; Rasa asks for them by this name."""
        return self.linear.classes_

    def predict_proba(self, features: csr_matrix) -> NDArray[np.float64]:
        """Probabilities of shape (messages, intents)."""
        vectors = features[:, : self.nearest.n_features_in_].toarray()
        near = self.nearest.predict_proba(vectors)
        linear = self.linear.predict_proba(features)
        mean = (1 - self._weight) * linear + self._weight * near
        return normalize(mean**self._sharpness, norm="l1")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class BalancedFeaturesClassifier(LogisticRegressionClassifier):
    """Rasa's logistic regression, with three changes.

    Each featurizer's counts are scaled to length 1, so that a long message weighs no more than a
    short one, nor 80 groups of letters more than 10 words; dense features keep the length that
    their featurizer gives them. `C`, the inverse regularisation strength, can be set: Rasa
    fixes it at 1, which underfits vectors of length 1. And the `neighbours` examples with the
    most similar vectors have a say of `neighbour_weight` (0 to 1).
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            **LogisticRegressionClassifier.get_default_config(),
            "C": 8.0,
            "max_iter": 400,
            "neighbours": 10,
            "neighbour_weight": 0.4,
            "sharpness": 1.6,
        }

    def __init__(
        self,
        config: dict[str, Any],
        name: str,
        model_storage: ModelStorage,
        resource: Resource,
    ) -> None:
        super().__init__(config, name, model_storage, resource)
        self.clf.set_params(C=self.config["C"])

    def train(self, training_data: TrainingData) -> Resource:
        """Fit both classifiers and store them."""
        features, intents = self._create_training_matrix(training_data)
        nearest = KNeighborsClassifier(
            self.config["neighbours"], weights="distance", metric="cosine", algorithm="brute"
        )
        width = _count_dense_columns(training_data.intent_examples[0])
        nearest.fit(features[:, :width].toarray(), intents)
        self._use(self.clf.fit(features, intents), nearest)
        self.persist()
        return self._resource

    def persist(self) -> None:
        """Store the two classifiers, in the file that Rasa's class would load."""
        with self._model_storage.write_to(self._resource) as folder:
            file = folder / f"{self._resource.name}.skops"
            skops.io.dump([self.clf.linear, self.clf.nearest], file)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "BalancedFeaturesClassifier":
        """The trained component."""
        component = super().load(config, model_storage, resource, execution_context, **kwargs)
        component._use(*component.clf)
        return component

    def _use(self, linear: LogisticRegression, nearest: KNeighborsClassifier) -> None:
        weight, sharpness = self.config["neighbour_weight"], self.config["sharpness"]
        self.clf = LinearAndNearest(linear, nearest, weight, sharpness)

    def _create_X(self, messages: list[Message]) -> csr_matrix:  # noqa: N802 - Rasa's name
        """Shape (messages, dense + counted features), each in the pipeline's order."""
        return vstack([_join_features(message) for message in messages], format="csr")


def _list_features(message: Message) -> list[Features]:
    """The features of the whole text, the dense ones first."""
    features = [
        part
        for part in message.features
        if part.attribute == TEXT and part.type == FEATURE_TYPE_SENTENCE
    ]
    return sorted(features, key=Features.is_sparse)


def _count_dense_columns(message: Message) -> int:
    return sum(part.features.shape[1] for part in _list_features(message) if part.is_dense())


def _join_features(message: Message) -> csr_matrix:
    return hstack(
        [
            normalize(csr_matrix(part.features, dtype=float))
            if part.is_sparse()
            else csr_matrix(part.features)
            for part in _list_features(message)
        ]
    )
