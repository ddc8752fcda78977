"""What a report looks like: terminal, JUnit XML, JSON and one HTML page. May not know how rules are checked."""
