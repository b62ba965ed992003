"""What the processes of the service tell of themselves: counts, log lines, traces. For API and workers alike."""
