"""What workers do after the commit: observers are handed the feed, jobs are run when they are due."""
