"""Networks of keras.applications, said as layers, so that each of them can be looked into like any other."""
