"""The API keeps what its OpenAPI document says, for whatever a client may send."""

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance, unsupported_method

# a well-formed value may still be refused (an unknown point, a future moment); other methods have a test of their own
LEFT_OUT = [positive_data_acceptance, unsupported_method]
BOUNDED = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
def test_every_answer_is_one_that_the_document_announces(own: httpx.Client, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_url(f"{own.base_url}/api/v1/openapi.json")
    tried = set()
    for found in schema.get_all_operations():
        operation = found.ok()
        if mode is GenerationMode.NEGATIVE and not (operation.body or list(operation.iter_parameters())):
            continue

        @BOUNDED
        @given(operation.as_strategy(generation_mode=mode))
        def answers_as_announced(case: Case) -> None:
            tried.add(case.operation.label)
            case.call_and_validate(excluded_checks=LEFT_OUT, timeout=20)

        answers_as_announced()
    assert len(tried) > 20


def test_every_operation_is_explained(client: httpx.Client) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    operations = [operation for path in paths.values() for operation in path.values()]
    assert all(operation["summary"] for operation in operations)
    assert len({operation["operationId"] for operation in operations}) == len(operations)
