"""Latency: what is timed, how often, and what the times say."""
