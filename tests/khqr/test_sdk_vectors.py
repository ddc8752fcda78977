"""khqr.sdk answers as NBC's SDK did on every recorded row."""
