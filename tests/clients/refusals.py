"""Which refusals of well-formed requests are right: those that name the field whose meaning no schema can say."""

import json

import schemathesis

# A version that is not the current one, or that the agency wants and nobody named.
PRECONDITIONS = (412, 428)


def is_right(status, problem):
    if status in PRECONDITIONS:
        return True
    return status == 422 and (bool(problem.get("errors")) or problem["code"] == "idempotency-key-reused")


@schemathesis.hook
def filter_failure(context, failure, case, response):
    if type(failure).__name__ != "RejectedPositiveData":
        return True
    return not is_right(response.status_code, json.loads(response.content))
