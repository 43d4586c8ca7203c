"""From a request of the IM platform to a message for a bot.

A verified body and its headers enter; what leaves is a :class:`relay.messages.Message` with its bot, or the reason why
there is none. Must not know the history, the model, nor how anything is answered: each message is judged by itself.
"""
