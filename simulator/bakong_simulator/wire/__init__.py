"""What a reply looks like on the wire: sending it, and the faults that befall it."""
