"""Azure Storage behind the ports: Table Storage, Queue Storage, and the credential for both.

The Azure SDKs are imported at first use, in a thread: the webhook's first answer must not wait for what it does not
need, and one event loop serves every turn of the worker.

Rows and queue messages enter as the ports name them; answers leave, or one of a few errors. Must not know what a row
means.
"""
