"""On a worker's PYTHONPATH: `sitecustomize` sets its clock."""
