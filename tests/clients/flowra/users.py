"""Calls the server with the library that Flowra publishes for Python.

The server is at URL, and FLOWRA_KEY holds a secret key. Prints JSON: what each call returned, or the status and the code
of its error.
"""

import json
import os

from flowra import Flowra
from flowra.errors import FlowraAPIError


def attempt(call):
    """Returns what a call returns, or its error."""
    try:
        return call()
    except FlowraAPIError as error:
        return [error.status_code, (error.body or {}).get("error", {}).get("code")]


def names(users):
    """Returns the names of users, or an error unchanged."""
    return [user["name"] if isinstance(user, dict) else user for user in users]


def main() -> None:
    url, key = os.environ["URL"], os.environ["FLOWRA_KEY"]
    flowra = Flowra(api_key=key, base_url=url)
    users = flowra.users
    printed = {"before": users.list()}
    made = {name: users.create({"name": name}) for name in ["jane", "john", "jürgen"]}
    printed["created"] = [made[name]["name"] for name in made]
    printed["again"] = users.create({"name": "jane"})["id"] == made["jane"]["id"]
    printed["list"] = names(users.list())
    printed["found"] = users.get_by_username("jane")["id"] == made["jane"]["id"]
    printed["nobody"] = users.get_by_username("nobody")
    printed["toggled"] = users.toggle_active(made["john"]["id"])["blocked"]
    printed["active"] = names(attempt(lambda: users.list(isActive=True)))
    printed["blocked"] = names(attempt(lambda: users.list(isActive=False)))
    printed["counted"] = names(attempt(lambda: users.list(count=True, limit=2, page=1)))
    printed["sorted"] = names(users.list(sortBy="name", sortOrder="desc"))
    printed["found by part"] = names(users.list(q="J"))
    printed["misspelt"] = attempt(lambda: users.list(is_active=False))
    printed["unrelated"] = names(attempt(lambda: users.list(trace="on")))
    printed["unblocked"] = users.toggle_active(made["john"]["id"])["blocked"]
    # A slash, as its users write addresses.
    slashed = Flowra(api_key=key, base_url=f"{url}/")
    printed["with a slash"] = names(slashed.request("GET", "/api/v1/external-users/"))
    as_jane = flowra.as_user("jane")
    printed["me"] = as_jane.request("GET", "/api/v1/external-users/me")["name"]
    printed["list as jane"] = names(as_jane.users.list())
    printed["blank"] = attempt(lambda: users.create({"name": ""}))
    printed["no key"] = attempt(lambda: Flowra(api_key="sk_unknown", base_url=url).users.list())
    printed["elsewhere"] = attempt(lambda: users.toggle_active("7d444840-9dc0-41d1-b245-5ffdce74fad2"))
    printed["not served"] = attempt(lambda: flowra.tools.list(limit=10))
    print(json.dumps(printed))


main()
