"""The desk on one machine: the handlers of template.yaml, fired without AWS. Never deployed."""
