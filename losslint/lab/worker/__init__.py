"""The worker: runs losses in the project's own interpreter. Python 3.9 or newer, the standard library, numpy and TensorFlow.

It is started by `losslint.lab.process` under the name ``losslint_worker`` and shares no module with the linter, which may
run under another Python. It knows no rule: it takes a slice of a program, runs it on batches, and answers with numbers.
"""
