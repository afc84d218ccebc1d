"""Cross-entropy whose gradient is kept small around the weights, by the gradient of its length.

Members look at the loss's slope at several points near the weights (`pipeline.ops.gradients.Slopes`), in passes that
leave running statistics of batch normalisation as the first has left them. Weight decay is the optimiser's and takes no
part in any of them.
"""
