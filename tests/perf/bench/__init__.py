# SPDX-License-Identifier: Apache-2.0
"""The benchmark of the wire: tools/bench runs it, tests/perf/README.md says how to read it."""
