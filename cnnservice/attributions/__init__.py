"""Why a network says what it says of an image: a file a method, NumPy alone; `registry` lists them.

What a method needs of a network is in `network`; `cnnservice.nn` answers it with Keras.
"""
