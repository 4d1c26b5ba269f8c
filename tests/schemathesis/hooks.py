"""What the API promises and JSON Schema cannot say, so that requests drawn as valid are valid."""

import schemathesis

LARGEST = 2**53 - 1


def in_range(value):
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return value if -LARGEST <= value <= LARGEST else (LARGEST if value > 0 else -LARGEST)
    if isinstance(value, list):
        return [in_range(item) for item in value]
    if isinstance(value, dict):
        return {name: in_range(item) for name, item in value.items()}
    return value


@schemathesis.hook
def map_body(context, body):
    """A number past 2^53 is refused wherever it stands in a body, also in fields that are otherwise ignored."""
    return in_range(body)


@schemathesis.hook
def map_query(context, query):
    """A place in a list comes from an earlier answer; one made up is refused, whatever its form."""
    if not isinstance(query, dict):
        return query
    return {name: value for name, value in query.items() if name not in ("cursor", "after")}
