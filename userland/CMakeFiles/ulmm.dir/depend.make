# Empty dependencies file for ulmm.
# This may be replaced when dependencies are built.
