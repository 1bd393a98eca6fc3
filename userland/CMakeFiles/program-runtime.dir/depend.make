# Empty dependencies file for program-runtime.
# This may be replaced when dependencies are built.
