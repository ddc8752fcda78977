"""A payment API that one YAML file describes, played as a fake and spoken to as a provider.

It is beside the schemes and no scheme itself, so that a scheme may be made of it while none imports another.
"""
