"""Topics of the lecture: the perceptron, k-means, backpropagation layer by layer."""
