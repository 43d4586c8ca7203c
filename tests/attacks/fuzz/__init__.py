"""A fuzzer of the webhook: requests that are built from the documented fields, broken, and validly signed.

The generator is our own, not Hypothesis: each request is made from the seed and its number alone, so that any one of
two hundred thousand can be run by itself; the mixture is weighted so that every row of the answer table is hit often;
and two hundred thousand take minutes. Shrinking is not missed: a request that fails says what was broken in it.
"""
