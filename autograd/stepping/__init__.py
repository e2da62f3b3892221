"""The debugger for gradients: a backward pass one application of the chain rule at a time."""
