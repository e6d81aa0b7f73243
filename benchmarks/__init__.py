"""Speed and memory, as ratios to what the raw driver needs for the same work in the same run: `make bench`."""
