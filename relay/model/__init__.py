"""Azure OpenAI, or any server that speaks the OpenAI API, behind :class:`relay.ports.ChatModel`.

``chat`` asks one deployment after the other within one deadline, ``cooldowns`` remembers which of them to leave alone,
``places`` says where they are, ``connections`` holds their clients, ``request`` makes one request, and ``meaning``
reads what came back.
"""

from relay.model.chat import OpenAIChat

__all__ = ["OpenAIChat"]
