"""Derivatives of functions: gradients of every order, Taylor series, numerical derivatives."""
