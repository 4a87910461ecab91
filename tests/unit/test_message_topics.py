"""A message that asks for several things is split into topics."""

import numpy as np
import pytest

from directory.encoder import Encoder
from directory.search.message_topics import split_topics


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("help with my energy bills, somewhere to learn english and a toddler group", 3),
        ("a walking group and help with my hearing aids", 2),
        ("arts and crafts", 0),
        ("debt and money help", 0),
        ("gardening", 0),
        ("I use a wheelchair, need a lift to hospital", 0),
        ("one, and two, and three, and four, and five things", 0),
    ],
)
def test_only_different_topics_are_split(encoder: Encoder, text: str, count: int) -> None:
    assert len(split_topics(text, encoder.encode)) == count


def test_a_message_is_one_topic_until_the_encoder_is_loaded() -> None:
    assert split_topics("chess and help with bills", lambda _texts: None) == ()


def test_parts_with_similar_vectors_are_one_topic() -> None:
    same = np.ones((2, 384), dtype=np.float32) / np.sqrt(384)
    assert split_topics("chess and help with bills", lambda _texts: same) == ()
