"""Everything that needs Keras and TensorFlow, which are imported here first."""

from cnnservice.nn.lean import import_keras

import_keras()
