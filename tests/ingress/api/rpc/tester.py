"""A tester of APIs let loose on ours: what it has against an answer."""

import json
from collections.abc import Iterator
from typing import Any

import schemathesis
from hypothesis import strategies
from jsonschema_rs import Validator, validator_for
from msgspec import Struct
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema

from actions.action import Action
from actions.catalog import CATALOG
from ingress.api.naming import by_name

RULED = {name for name, kind in CATALOG.items() if kind.check is not Action.check}
"""Actions with rules that no schema says, such as of two prices one."""
WELCOME = ("2xx", "401", "403", "404", "409", "422", "429")
"""What valid data may be answered with; Lightspeed refuses what no schema of ours can know."""

schemathesis.openapi.format("cursor", strategies.just(""))
schemathesis.openapi.format("retailer", strategies.just("kowhai"))


class Finding(Struct, frozen=True):
    """What the tester has against an answer."""

    command: str
    check: str
    said: str
    sent: Any
    answer: str

    @property
    def is_a_rule(self) -> bool:
        """Whether valid data was refused over a rule that no schema says."""
        if (
            self.check != "positive_data_acceptance"
            or '"urn:backroom:BadAction"' not in self.answer
        ):
            return False
        return by_name(self.sent["action"]).__name__ in RULED


def examined(
    url: str, headers: dict[str, str], document: dict[str, Any], phase: str
) -> Iterator[Finding]:
    """Let the tester loose on an address; the same at each run."""
    config = {
        "seed": 1,
        "base-url": url,
        "headers": headers,
        "request-timeout": 20,
        "continue-on-failure": True,
        "generation": {
            "max-examples": 40,
            "deterministic": True,
            "database": "none",
            "no-shrink": True,
        },
        "checks": {"positive_data_acceptance": {"expected-statuses": list(WELCOME)}},
        "phases": {
            one: {"enabled": one == phase}
            for one in ("examples", "coverage", "fuzzing", "stateful")
        },
    }
    schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig.from_dict(config))
    results = Results(document)
    for event in from_schema(schema).execute():
        assert not isinstance(event, events.NonFatalError | events.FatalError), event
        if isinstance(event, events.ScenarioFinished):
            yield from found(event, results)


def found(event: events.ScenarioFinished, results: "Results") -> Iterator[Finding]:
    assert event.status is not Status.ERROR
    for case_id, checks in event.recorder.checks.items():
        answer = event.recorder.interactions[case_id].response
        assert answer is not None
        case = event.recorder.cases[case_id].value
        sent: Any = case.body
        text = answer.content.decode()
        against = [
            (one.name, one.failure_info.failure.message) for one in checks if one.failure_info
        ]
        if event.label == "POST /actions/rpc" and answer.status_code == 200:
            against += results.against(by_name(sent["action"]).__name__, json.loads(text)["data"])
        for check, said in against:
            yield Finding(case.as_curl_command(), check, said, sent, text[:500])


class Results:
    """Knows what each action may answer."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._components = document["components"]
        self._known: dict[str, Validator] = {}

    def against(self, action: str, data: Any) -> list[tuple[str, str]]:
        """What is wrong with an answer, by the result's schema."""
        if action not in self._known:
            where = f"#/components/schemas/{action}Result"
            schema = {"$ref": where, "components": self._components}
            self._known[action] = validator_for(schema)
        return [(f"{action}Result", str(one)) for one in self._known[action].iter_errors(data)]
