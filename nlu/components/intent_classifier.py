"""Logistic regression over letters, words and the sentence vector, each with its own scale.

Runs in Rasa's environment. Must store nothing that loading could execute: like Rasa's own
classifier, which it extends, it is stored with skops, which refuses unknown types.
"""

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.message import Message
from scipy.sparse import csr_matrix, hstack, vstack
from sklearn.preprocessing import normalize


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class BalancedFeaturesClassifier(LogisticRegressionClassifier):
    """Rasa's logistic regression, with two changes.

    Each featurizer's counts are scaled to length 1, so that a long message weighs no more than a
    short one, nor 80 groups of letters more than 10 words; dense features keep the length that
    their featurizer gives them. And `C`, the inverse regularisation strength, can be set: Rasa
    fixes it at 1, which underfits vectors of length 1.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {**LogisticRegressionClassifier.get_default_config(), "C": 20.0, "max_iter": 400}

    def __init__(
        self,
        config: dict[str, Any],
        name: str,
        model_storage: ModelStorage,
        resource: Resource,
    ) -> None:
        super().__init__(config, name, model_storage, resource)
        self.clf.set_params(C=self.config["C"])

    def _create_X(self, messages: list[Message]) -> csr_matrix:  # noqa: N802 - Rasa's name
        """Shape (messages, counted + dense features); featurizers in the pipeline's order."""
        return vstack([_join_features(message) for message in messages], format="csr")


def _join_features(message: Message) -> csr_matrix:
    return hstack(
        [
            normalize(csr_matrix(features.features, dtype=float))
            if features.is_sparse()
            else csr_matrix(features.features)
            for features in message.features
            if features.attribute == TEXT and features.type == FEATURE_TYPE_SENTENCE
        ]
    )
