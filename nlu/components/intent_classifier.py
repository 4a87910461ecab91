"""Logistic regression over letters, words and the sentence vector, told apart.

Runs in Rasa's environment. Must store nothing that loading could execute: like Rasa's own
classifier, of which it is a kind, it is kept as skops, which refuses unknown types.
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
    """Rasa's logistic regression, with two things mended.

    Each featurizer's counts are brought to length 1, so that a long message counts no more
    than a short one, nor 80 groups of letters more than 10 words; dense features keep the
    length their featurizer gives them. And `C`, how far the weights may go to fit the
    examples, can be set: Rasa holds it at 1, which fits vectors of length 1 too little.
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
        return vstack([_join(message) for message in messages], format="csr")


def _join(message: Message) -> csr_matrix:
    return hstack(
        [
            normalize(csr_matrix(one.features, dtype=float))
            if one.is_sparse()
            else csr_matrix(one.features)
            for one in message.features
            if one.attribute == TEXT and one.type == FEATURE_TYPE_SENTENCE
        ]
    )
