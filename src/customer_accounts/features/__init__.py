"""The features, one module each; every module holds its commands, their rules and their refusals."""
