# Empty compiler generated dependencies file for koito.
# This may be replaced when dependencies are built.
