"""What bots can do: functions of the users' own file, and the few that ship.

``tool`` marks a function and makes of it what a model is told; ``schema`` and ``docstring`` read its signature and its
words. ``loading`` imports the users' file, ``toolbox`` has all tools by name and says which a bot has; ``shipped`` are
the relay's own. ``running`` runs one call, with what ``call`` tells the function; ``results`` makes words and media of
what it returns, and ``masking`` keeps secrets out of what is logged of it.

A model's call enters; a result in words leaves, with the media that go to the user. Must not know turns, rows, or what
the model makes of a result. Users' code runs here and nowhere else, and never on the way of an HTTP request.
"""

from relay.errors import BadArguments, ToolError, ToolsBroken
from relay.outgoing import Custom, File, Picture, Place, Video, Voice
from relay.tools.call import Call
from relay.tools.running import Result, run_call
from relay.tools.tool import Tool, tool
from relay.tools.toolbox import Toolbox

__all__ = [
    "BadArguments",
    "Call",
    "Custom",
    "File",
    "Picture",
    "Place",
    "Result",
    "Tool",
    "ToolError",
    "Toolbox",
    "ToolsBroken",
    "Video",
    "Voice",
    "run_call",
    "tool",
]
