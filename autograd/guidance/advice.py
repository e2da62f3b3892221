"""Names of other libraries, and what to use here instead."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping

from ..terminal import quoted

AUTOGRAD: Mapping[str, str] = {
    **dict.fromkeys(("Tensor", "tensor", "Variable", "Parameter"), "autograd.Value(2.0)"),
    **dict.fromkeys(("numpy", "scipy"), "numpy itself on arrays of Values, or autograd's own functions"),
    **dict.fromkeys(("jit", "njit", "lambdify"), "autograd.compile(f)"),
    "vmap": 'autograd.compile(f, batched="x"), or a list comprehension',
    **dict.fromkeys(("jacfwd", "jacrev"), "autograd.jacobian(f)"),
    **dict.fromkeys(("elementwise_grad", "derivative", "diff"), "autograd.grad(f), for each number"),
    "hessian_vector_product": "autograd.hvp(f, x, v)",
    **dict.fromkeys(("stop_gradient", "detach"), "value.detach()"),
    "sum": "autograd.total(values), or Python's sum",
    "max": "autograd.maximum(x, y), or Python's max",
    "min": "autograd.minimum(x, y), or Python's min",
    "power": "autograd.pow(x, y), or x ** y",
    "absolute": "autograd.abs(x)",
    "clamp": "autograd.clip(x, low, high)",
    "softmax": "nn.Softmax(), or autograd.logsumexp",
    **{f"arc{name}": f"autograd.a{name}(x)" for name in "sin cos tan sinh cosh tanh".split()},
    "arctan2": "autograd.atan2(y, x)",
    **dict.fromkeys(("Function", "primitive", "defvjp", "custom_vjp"), "autograd.operation(...)"),
    **dict.fromkeys(("set_grad_enabled", "inference_mode"), "autograd.no_grad() and autograd.enable_grad()"),
    **dict.fromkeys(("make_dot", "plot_graph"), "autograd.draw(value)"),
    **dict.fromkeys(("gradcheck", "check_grads"), "autograd.checking.check_gradients(f, x)"),
    "optim": "nn.SGD, nn.Adam, nn.AdamW or nn.RMSprop",
    "engine": "from autograd import Value",
}
"""Names of PyTorch, JAX, HIPS autograd, numpy and micrograd that users may look for in autograd."""

NN: Mapping[str, str] = {
    **dict.fromkeys(("Linear", "Dense", "LazyLinear"), 'nn.Layer(2, 3, activation="linear")'),
    **{
        name: f'nn.Activation("{name.lower()}"), or activation='
        for name in "ReLU Tanh Sigmoid GELU SiLU ELU".split()
    },
    "LeakyReLU": 'nn.Activation("leaky_relu"), or activation=',
    "MSELoss": "nn.mse_loss(predictions, targets)",
    "L1Loss": "nn.l1_loss(predictions, targets)",
    **dict.fromkeys(("HuberLoss", "SmoothL1Loss"), "nn.huber_loss(predictions, targets)"),
    "CrossEntropyLoss": "nn.cross_entropy(predictions, targets), of logits",
    **dict.fromkeys(
        ("BCELoss", "BCEWithLogitsLoss"), "nn.binary_cross_entropy_with_logits(predictions, targets), of logits"
    ),
    "KLDivLoss": "nn.kl_divergence(predictions, targets)",
    **dict.fromkeys(("Parameter", "Value"), "autograd.Value(0.0) in an attribute of the Module"),
    **dict.fromkeys(("ModuleList", "ModuleDict"), "a list or dict of modules in an attribute of the Module"),
    **dict.fromkeys(("functional", "optim", "utils"), "nn itself: nn.mse_loss, nn.SGD, nn.clip_grad_norm_"),
    "DataLoader": "Dataset(X, y).batches(size), or fit(..., batch_size=size)",
    **dict.fromkeys(("TensorDataset", "DataSet"), "nn.Dataset(X, y)"),
    "train_test_split": "Dataset(X, y).split(0.8)",
    "StandardScaler": "nn.standardise(data)",
    "KMeans": "nn.k_means(points, count)",
    **{f"make_{name}": f"nn.{name}(200)" for name in "moons circles blobs".split()},
    **dict.fromkeys(("MLPClassifier", "MLPRegressor"), "nn.fit(nn.MLP(2, [8, 1]), X, y)"),
    **dict.fromkeys(("Optimizer", "Optim"), "nn.Optimiser"),
    "train": "nn.fit(model, X, y)",
    **dict.fromkeys(
        ("Conv1d", "Conv2d", "LSTM", "GRU", "RNN", "Embedding", "BatchNorm1d", "LayerNorm", "Transformer"),
        "PyTorch for large layers; here a Module of your own, whose forward computes with Values",
    ),
}
"""Names of PyTorch, Keras and scikit-learn that users may look for in nn."""


OPTIONS: Mapping[str, str] = {
    "retain_graph": "a graph is always kept, and backward() can be called again",
    "requires_grad": "every Value has a gradient; for a constant use a plain number or value.detach()",
    "inputs": "for the derivatives with respect to some Values alone use autograd.gradients(y, [x])",
    "grad": "gradients start at 0; assign to value.grad",
    "dtype": "every Value is a float64",
    "device": "Values are computed on the CPU",
    "name": "the name is called label",
    "grad_tensors": "the upstream gradient is called gradient",
    **dict.fromkeys(("_children", "_op", "children"), "operations record their operands themselves"),
    **dict.fromkeys(
        ("eps", "atol", "rtol", "nondet_tol", "tol", "tolerance", "h"),
        "there is no step size and no tolerance to choose: derivatives are compared with a reference in high "
        "precision, right up to a relative error of 1e-6",
    ),
    "raise_exception": "use raises=False for a report without an exception",
    **dict.fromkeys(
        ("fast_mode", "check_undefined_grad", "check_batched_grad", "check_forward_ad", "check_backward_ad"),
        "leave it out: all derivatives up to `order` are checked",
    ),
    "check_grad_dtypes": "leave it out: every derivative is a float64",
}
"""What to do instead of an option of PyTorch, micrograd or JAX."""


def unknown_option(function: str, given: Iterable[str]) -> str:
    """Return the message for an option that a function does not have, with what to do instead.

    >>> unknown_option("backward", ["retain_graph"])
    "backward() has no option 'retain_graph': a graph is always kept, and backward() can be called again"
    """
    word = next(iter(given))
    advice = f": {OPTIONS[word]}" if word in OPTIONS else ""
    return f"{function}() has no option {quoted(word)}{advice}"


def nearest(word: str, words: Iterable[str], count: int = 1) -> list[str]:
    """Return the words with the most similar spelling, those with transposed letters first.

    >>> nearest("tahn", ["tan", "tanh", "log"])
    ['tanh']
    """
    import difflib  # only for an error, and so not at import

    found = difflib.get_close_matches(word[:40], list(words), n=max(count, 5))
    return sorted(found, key=lambda near: sorted(near) != sorted(word))[:count]


def missing(module: str, name: str) -> Exception:
    """Return the error for a name that autograd or nn does not have, with advice on what to use instead.

    It is an AttributeError; inside `from module import name` an ImportError, because Python would
    replace an AttributeError there by an ImportError without the advice.

    >>> missing("autograd", "jit")
    AttributeError("module 'autograd' has no attribute 'jit': use autograd.compile(f)")
    """
    words = NN if module == "nn" else AUTOGRAD
    advice = f": use {words[name]}" if name in words else ""
    text = f"module {module!r} has no attribute {quoted(name)}{advice}"
    if advice and sys._getframe(3).f_globals.get("__name__") == "importlib._bootstrap":
        return ImportError(text.replace("has no attribute", "has no"), name=module)
    error = AttributeError(text)
    error.name, error.obj = name, sys.modules.get(module)  # Python then suggests a similar name
    return error
