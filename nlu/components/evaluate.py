"""Trains pipelines and tries them, for `make bench`: `python -m nlu.components.evaluate`.

Reads one JSON object a line from standard input: `config` and `examples` (the texts of a
configuration and of a file of Rasa's NLU form), `texts` to parse, and `folder` to work in.
Prints one a line: `training` (seconds of the processor), `parsed` (for each text the likeliest
intent and its confidence, whatever the threshold) and `milliseconds` (of the processor, for
each text). Must print nothing else there.
"""

import asyncio
import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

from rasa.core.agent import Agent
from rasa.model_training import train_nlu
from rasa.utils.log_utils import configure_structlog


async def try_pipeline(job: dict[str, Any]) -> dict[str, Any]:
    """Train on the examples, then parse each of the texts once the first is out of the way."""
    folder = Path(job["folder"])
    config, examples = folder / "config.yml", folder / "examples.yml"
    config.write_text(job["config"], encoding="utf-8")
    examples.write_text(job["examples"], encoding="utf-8")
    # The processor's seconds, all threads together: what else the machine does counts little.
    started = time.process_time()
    model = train_nlu(str(config), str(examples), str(folder))
    training = time.process_time() - started
    agent = Agent.load(model)
    await agent.parse_message(job["texts"][0])
    parsed, milliseconds = [], []
    for text in job["texts"]:
        started = time.process_time()
        found = await agent.parse_message(text)
        milliseconds.append((time.process_time() - started) * 1000)
        likeliest = next(one for one in found["intent_ranking"] if one["name"] != "nlu_fallback")
        parsed.append((likeliest["name"], round(float(likeliest["confidence"]), 4)))
    return {"training": training, "parsed": parsed, "milliseconds": milliseconds}


async def main() -> None:
    # Rasa and TensorFlow print as they go: that goes to standard error.
    out, sys.stdout = sys.stdout, sys.stderr
    configure_structlog(logging.ERROR)
    for line in sys.stdin:
        print(json.dumps(await try_pipeline(json.loads(line))), file=out, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
