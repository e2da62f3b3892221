"""Parts of the lecture: the perceptron, k-means, the error layer by layer."""
