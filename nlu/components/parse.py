"""Parses texts with a trained model and no server: `python -m nlu.components.parse MODEL`.

Reads one JSON string per line from standard input and prints one JSON object per line: `text`,
`intent`, `confidence` and `entities`. Must print nothing else to standard output.
"""

import asyncio
import json
import sys

from rasa.core.agent import Agent


async def parse(agent: Agent, text: str) -> dict:
    """`text` as the model parses it; below the threshold the intent is `nlu_fallback`."""
    parsed = await agent.parse_message(text)
    keys = ("entity", "value", "start", "end")
    return {
        "text": text,
        "intent": parsed["intent"]["name"],
        "confidence": round(float(parsed["intent"]["confidence"]), 4),
        "entities": [{key: entity[key] for key in keys} for entity in parsed["entities"]],
    }


async def main(model: str) -> None:
    # Rasa and TensorFlow print too; that goes to standard error.
    out, sys.stdout = sys.stdout, sys.stderr
    agent = Agent.load(model)
    for line in sys.stdin:
        print(json.dumps(await parse(agent, json.loads(line)), ensure_ascii=False), file=out)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
