"""The index: which test covers which requirement, and which known bug of other engines it would catch."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

PROMISES = {
    "backward() again, or two losses over a shared interior: leaves accumulate exactly once a call": """
        test_leaves_accumulate_exactly_once_for_each_backward
        test_two_losses_over_a_shared_interior_add_up_without_double_counting
        test_interior_gradients_start_from_zero_each_time
        test_threads_that_go_back_through_shared_nodes_take_turns""",
    "the same operand twice is two edges, in the DAG, in the step list and in the picture": """
        test_the_same_operand_twice_is_two_edges
        test_both_edges_of_x_times_x_are_steps
        test_both_edges_of_x_times_x_are_drawn""",
    "a chain of 1,000,000 nodes: build, backward, draw guard, pickle, deepcopy, free; no RecursionError": """
        test_a_chain_of_a_million_nodes_is_built_backpropagated_and_freed
        test_a_long_chain_survives_pickle_and_deepcopy
        test_deep_and_wide_at_once_needs_no_recursion
        test_a_graph_of_a_million_nodes_is_refused_without_recursion""",
    "relu at 0 has derivative 1, as the lecture defines it": """
        test_relu_at_0_has_derivative_1_as_the_lecture_defines_it""",
    "kinks: abs'(0) = 0, maximum and minimum at a tie half to each": """
        test_abs_at_0_has_derivative_0_and_a_tie_gives_half_to_each
        test_ties_and_corners_have_the_documented_partials""",
    "pow: Value ** Value, number ** Value, negative base, x ** 0 at 0, 0 ** 0 = 1": """
        test_a_power_takes_every_combination_of_values_and_numbers
        test_a_negative_base_takes_an_integer_exponent_without_a_derivative
        test_a_power_with_an_infinite_base_or_exponent_is_that_of_ieee_754""",
    "saturation: no OverflowError, exact tails, finite gradients": """
        test_saturated_arguments_kinks_and_edges_have_the_documented_value_and_derivative
        test_the_value_is_true_at_tiny_huge_and_saturated_arguments
        test_the_first_derivative_is_true_at_tiny_huge_and_saturated_arguments""",
    "outside the domain: DomainError with operation, operand, value, its history, and advice": """
        test_outside_the_domain_the_error_names_operation_operand_value_and_history
        test_outside_the_domain_is_an_error_that_names_operation_operand_and_value""",
    "overflow is inf as IEEE has it; nan stays nan through relu and maximum": """
        test_overflow_is_infinite_as_ieee_754_has_it
        test_nan_stays_nan
        test_a_limit_that_is_nan_makes_clip_nan""",
    "anomaly_detection() names the first node that made a nan or inf, and the path from the leaves": """
        test_anomaly_detection_names_the_first_node_that_made_a_nan_and_its_path
        test_anomaly_detection_finds_an_infinite_derivative_of_a_finite_value""",
    "math.sin(value) is a TypeError": """
        test_a_function_that_would_cut_the_graph_is_a_type_error""",
    "numpy: scalars on the left give Values; object arrays work with + - * / @ and np.exp, np.tanh": """
        test_numpy_scalars_on_the_left_give_values
        test_numpy_object_arrays_of_values_compute_and_backpropagate
        test_a_value_and_an_array_give_an_array_of_values_from_both_sides
        test_every_trigonometric_name_of_numpy_finds_its_method""",
    'Value("a"), Value(None), complex, bool: a TypeError that says what is allowed': """
        test_only_a_real_number_becomes_a_value
        test_only_a_real_number_can_be_assigned_to_data
        test_only_a_real_number_is_an_operand""",
    "== and hash are identity; < <= > >= compare data": """
        test_equality_and_hash_are_identity_and_the_order_is_that_of_the_numbers""",
    "no_grad and detach, safe across threads and async tasks": """
        test_no_grad_records_nothing_and_enable_grad_records_again
        test_no_grad_in_one_thread_is_not_seen_in_another
        test_no_grad_in_one_task_is_not_seen_in_another
        test_detach_is_a_leaf_through_which_no_gradient_passes""",
    "pickle and deepcopy keep the whole graph, shared nodes shared, any depth": """
        test_pickle_keeps_shared_nodes_shared_among_everything_pickled_together
        test_deepcopy_backpropagates_to_its_own_leaves
        test_a_long_chain_survives_pickle_and_deepcopy""",
    "order: same expression, same DOT, same steps, byte for byte": """
        test_the_same_expression_gives_the_same_steps_in_every_process
        test_the_source_is_the_same_in_every_process""",
    "higher order: grad(grad(f)), create_graph, hessian, hvp; forward agrees with reverse to rounding": """
        test_nested_grads_are_derivatives_of_any_order
        test_backward_can_create_a_graph
        test_hessian_hvp_jacobian_vjp_and_jvp_agree
        test_random_programs_have_the_same_derivative_forwards_and_in_reverse""",
    "custom operations; a wrong number of partials is an error at once": """
        test_a_declared_operation_behaves_like_a_built_in_one
        test_a_wrong_number_of_partials_is_an_error_at_once""",
}

KNOWN_BUGS = {
    "36 instead of 24 on a second backward": """
        test_leaves_accumulate_exactly_once_for_each_backward""",
    "54 instead of 42 for two losses": """
        test_two_losses_over_a_shared_interior_add_up_without_double_counting""",
    "x * x drawn with one edge": """
        test_both_edges_of_x_times_x_are_drawn""",
    "RecursionError from 1,000 nodes; segfault at 50,000 or on free": """
        test_a_chain_of_a_million_nodes_is_built_backpropagated_and_freed""",
    "relu(nan) = 0": """
        test_nan_stays_nan""",
    "sigmoid(-1000): OverflowError, or 1.0": """
        test_saturated_arguments_kinks_and_edges_have_the_documented_value_and_derivative""",
    "x ** 0 at 0: ZeroDivisionError": """
        test_a_power_takes_every_combination_of_values_and_numbers""",
    "+x or abs(x) cuts the graph": """
        test_plus_and_abs_do_not_cut_the_graph""",
    "Value(2.0) + 1 misreads an int": """
        test_an_operator_takes_plain_numbers_on_both_sides
        test_assigning_to_data_converts_to_float""",
    "deepcopy whose leaves get no gradient": """
        test_deepcopy_backpropagates_to_its_own_leaves""",
    "pickle that returns uninitialised memory": """
        test_pickle_keeps_shared_nodes_shared_among_everything_pickled_together""",
    "a gradient of 1e-6 drawn as 0.0000": """
        test_a_gradient_of_1e_6_is_not_drawn_as_zero""",
    r"labels with {, |, <, \\N break the drawing": """
        test_a_label_is_shown_as_it_is_and_breaks_nothing""",
    "two equal leaves merged into one": """
        test_two_leaves_with_one_label_stay_two_boxes""",
    "zip cuts a too-short input to a neuron": """
        test_a_wrong_argument_is_an_error_with_the_allowed_values
        test_sequences_of_different_lengths_are_an_error_not_cut""",
    "a compiled function returns the old result for new data": """
        test_a_compiled_function_and_a_compiled_graph_give_the_result_of_new_data""",
    "a leaf changed after the forward pass gives a wrong gradient": """
        test_writing_to_a_leaf_after_the_forward_pass_corrupts_no_gradient
        test_a_graph_with_overwritten_numbers_is_refused_where_its_gradient_would_be_wrong""",
    "a DOT text that differs from run to run because of id() and sets": """
        test_the_source_is_the_same_in_every_process""",
}


def _names():
    """Yield the names of all test functions of the suite."""
    for path in TESTS.glob("**/test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                yield node.name


NAMES = set(_names())


@pytest.mark.parametrize(("claim", "tests"), [*PROMISES.items(), *KNOWN_BUGS.items()])
def test_the_claim_has_its_tests(claim, tests):
    missing = {line.strip() for line in tests.split("\n")[1:]} - NAMES
    assert not missing, claim
