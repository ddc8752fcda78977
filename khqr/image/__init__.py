"""A code as a picture and back: PNG, SVG, terminal, the KHQR card, reading. Alone beyond the standard library.

Drawing wants qrcode and pillow, reading zxing-cpp (and pyzbar where it is there); each is loaded when it is first
needed, and where one is missing an ImageError says what to install.
"""

from khqr.image.card import card_png, card_svg, font_for
from khqr.image.drawing import png, svg, terminal
from khqr.image.scanning import read

__all__ = ["card_png", "card_svg", "font_for", "png", "read", "svg", "terminal"]
