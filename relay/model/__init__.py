"""Azure OpenAI, or any server that speaks the OpenAI API, behind :class:`relay.ports.ChatModel`.

``chat`` asks one deployment after the other within one deadline, ``cooldowns`` remembers which of them to leave alone,
``endpoints`` says where they are, ``connections`` holds their clients, ``request`` makes one request, and ``answers``
reads what came back.

A prompt and a time enter; a completion leaves, or an error that says whether trying again may help. Must not know
where the prompt came from, nor what becomes of the answer.
"""

from relay.model.chat import OpenAIChat

__all__ = ["OpenAIChat"]
