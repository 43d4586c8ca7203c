"""Attacks on the relay: a fuzzer of the webhook, and HTTP as no platform would send it."""
