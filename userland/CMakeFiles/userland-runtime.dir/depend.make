# Empty dependencies file for userland-runtime.
# This may be replaced when dependencies are built.
