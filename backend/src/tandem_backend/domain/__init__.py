"""What Tandem decides, without clocks, databases or sockets."""
