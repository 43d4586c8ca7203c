"""In-memory doubles of the relay's ports, for tests that need no service.

``tests/conformance`` runs one suite against them and against the real parts.
"""

from tests.doubles.clock import ManualClock
from tests.doubles.im import RecordingMessenger
from tests.doubles.media import MemoryMedia
from tests.doubles.model import ScriptedModel, called
from tests.doubles.pictures import MemoryPictures
from tests.doubles.queues import MemoryQueues
from tests.doubles.service import Call, HostKilled
from tests.doubles.speech import MemorySpeech
from tests.doubles.tables import MemoryTables
from tests.doubles.tools import RecordingTools

__all__ = [
    "Call",
    "HostKilled",
    "ManualClock",
    "MemoryMedia",
    "MemoryPictures",
    "MemoryQueues",
    "MemorySpeech",
    "MemoryTables",
    "RecordingMessenger",
    "RecordingTools",
    "ScriptedModel",
    "called",
]
