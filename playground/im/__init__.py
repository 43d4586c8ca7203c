"""The CommsEase side: an emulator of the IM server, in parts.

``chats`` holds what users see, ``api`` is the server API that bots call, ``copies`` are the requests that
the platform posts to a webhook, ``faults`` is misbehaviour on demand, ``control`` the HTTP interface for other
processes. :class:`playground.im_server.ImServer` puts them together.
"""
