"""Models as files to take away. What needs Keras is in `cnnservice.nn`; all else is here, and needs none."""
