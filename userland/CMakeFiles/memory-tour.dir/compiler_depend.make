# Empty compiler generated dependencies file for memory-tour.
# This may be replaced when dependencies are built.
