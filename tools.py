"""What the bots can do beside chatting. Deployed with the code; docs/tools.md explains it.

A bot has the tools that its key ``tools`` in bots.toml names. This one is an example: no bot has it yet.
"""

from relay.tools import Place, ToolError, tool

SHOPS = {
    "rome": Place(41.8902, 12.4922, "Via Appia 1, Rome"),
    "milan": Place(45.4642, 9.19, "Via Torino 2, Milan"),
}


@tool
async def nearest_shop(city: str) -> Place:
    """Find our shop in a city, and send the user its place.

    Args:
        city: its English name.
    """
    if city.lower() not in SHOPS:
        raise ToolError(f"We have no shop there. There are shops in: {', '.join(SHOPS)}.")
    return SHOPS[city.lower()]
