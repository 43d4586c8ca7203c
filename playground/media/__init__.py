"""Pictures, sounds and films for the local stack: made from a few words, measured, made into another form.

What cannot be read or converted here is said so, never guessed: no video is decoded but Motion JPEG, and of sounds only
WAV becomes MP3.
"""


class Unreadable(ValueError):
    """Nothing here can read these bytes, or make of them what was asked for; the message says why."""
