"""The whole test run is searched for secrets and for what people wrote.

Whatever a test has the relay handle is noted where it enters (:mod:`.private`): texts, names, context, prompts,
answers, and every secret of the settings. Whatever the relay says about itself is kept (:mod:`.evidence`): each log
line of every logger at DEBUG, each attribute of each span, each message of each of its errors, what function hosts
print. A test in which one turns up in the other fails (:mod:`.plugin`), whatever else it is about.
"""
