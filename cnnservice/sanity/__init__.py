"""Whether a method of attribution may be believed: what its maps do when the network's weights are not what was
learned. Source: Adebayo et al., arXiv 1810.03292.
"""
