"""Azure OpenAI, or any server that speaks the OpenAI API, behind :class:`relay.ports.ChatModel`.

``chat`` asks one deployment after the other within one deadline, ``cooldowns`` remembers which of them to leave alone,
``endpoints`` says where they are, ``connections`` holds their clients, ``dialect`` how each wants to be asked, and
``request`` asks. What came back is read by ``answers`` and ``thinking``, or by ``refusals``, and ``meanings`` says what
a refusal means.

A prompt and a time enter; a completion leaves, or an error that says whether trying again may help. Must not know
where the prompt came from, nor what becomes of the answer.
"""
