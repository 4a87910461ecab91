"""Trains pipelines and measures them, for `make bench`: `python -m nlu.components.evaluate`.

Reads one JSON object per line from standard input: `config` (a pipeline's YAML), `examples` (NLU
data in Rasa's YAML), `texts` to parse, and `folder` to work in. Prints one JSON object per line:
`training` (processor time in seconds), `parsed` (for each text the likeliest intent and its
confidence, whatever the threshold) and `milliseconds` (processor time for each text). Must print
nothing else to standard output.
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


async def measure_pipeline(job: dict[str, Any]) -> dict[str, Any]:
    """Train on the examples and parse each text, after one parse to warm up."""
    folder = Path(job["folder"])
    config, examples = folder / "config.yml", folder / "examples.yml"
    config.write_text(job["config"], encoding="utf-8")
    examples.write_text(job["examples"], encoding="utf-8")
    # Processor time of all threads, which other load on the machine changes little.
    started = time.process_time()
    model = train_nlu(str(config), str(examples), str(folder))
    training = time.process_time() - started
    agent = Agent.load(model)
    await agent.parse_message(job["texts"][0])
    parsed, milliseconds = [], []
    for text in job["texts"]:
        started = time.process_time()
        result = await agent.parse_message(text)
        milliseconds.append((time.process_time() - started) * 1000)
        likeliest = next(
            intent for intent in result["intent_ranking"] if intent["name"] != "nlu_fallback"
        )
        parsed.append((likeliest["name"], round(float(likeliest["confidence"]), 4)))
    return {"training": training, "parsed": parsed, "milliseconds": milliseconds}


async def main() -> None:
    # Rasa and TensorFlow print too; that goes to standard error.
    out, sys.stdout = sys.stdout, sys.stderr
    configure_structlog(logging.ERROR)
    for line in sys.stdin:
        print(json.dumps(await measure_pipeline(json.loads(line))), file=out, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
