"""Keras networks as ONNX graphs, a file a family of layers; `registry` lists them.

Keras keeps channels last, ONNX first: each convolution and pooling stands between two transpositions, most of which
ONNX Runtime takes out again.
"""
