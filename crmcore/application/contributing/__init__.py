"""What plugins contribute when they are asked: panels, timeline entries, metrics and reports, each attributed."""
