"""The command `meterr`: arguments in, one call of the pipeline, data out."""
