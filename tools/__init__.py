"""What builds the parts that are not Python: nothing here is installed."""
