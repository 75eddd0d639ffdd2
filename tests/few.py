"""What of a count runs with every change: the rest of these cases is for `make test-long`.

By test, how many of its cases `make test` keeps, spread evenly over them; 0 keeps none. Each is a
count of seeds, kinds or ways to the same statement, or waits for minutes of the clock.
"""

FEW = {
    # agreement and bounds, by seed
    "test_an_optimum_with_varied_limits_lies_within_its_intervals": 3,
    "test_every_opinion_of_the_optimum_is_the_same": 3,
    "test_an_instance_without_something_is_solved": 12,
    "test_the_optimum_is_that_of_enumeration": 5,
    "test_enumeration_lies_within_the_certified_interval": 1,
    "test_presolve_does_not_change_the_optimum": 2,
    "test_prices_are_the_slopes_of_the_bound": 2,
    "test_every_way_to_build_has_the_same_optimum": 3,
    # columns
    "test_hand_solved": 14,
    "test_the_certified_interval_contains_the_optimum": 4,
    "test_any_prices_bound_any_schedule": 5,
    "test_every_method_without_a_fixed_workload_has_its_bound": 2,
    "test_repair_closes_what_a_dive_leaves_open": 0,
    # core
    "test_both_formulations_agree_on_every_method": 3,
    "test_every_formulation_has_the_same_optimum_with_a_family": 0,
    "test_no_step_moves_the_optimum_or_weakens_the_relaxation": 4,
    # operate
    "test_every_parameter_moved_in_place_gives_the_schedule_of_a_fresh_build": 0,
    "test_all_parameters_moved_at_once": 3,
    "test_the_time_limit_is_for_each_solve": 0,
    "test_a_change_of_structure_builds_anew_and_says_why": 2,
    "test_an_added_family_follows_with_its_own_numbers": 1,
    "test_killed_twice_it_goes_on_and_ends_the_same": 0,
    "test_a_demand_charge_rolls_no_better_than_the_whole": 1,
    "test_required_jobs_and_ends_and_limits_in_time_all_at_once": 1,
    "test_it_keeps_every_equation_and_the_bound_of_the_whole": 2,
    "test_what_is_kept_and_is_no_part_of_the_run_is_one_clear_error": 2,
    "test_a_window_without_schedule_is_diagnosed_by_the_horizons_labels": 1,
    "test_a_family_rolled_in_one_window_is_solved_whole": 2,
    "test_methods_roll_too": 2,
    # properties
    "test_works_without": 30,
    "test_a_unit_a_million_times_smaller_or_larger_changes_no_verdict": 4,
    "test_nor_do_other_units_of_everything_at_once": 0,
    "test_a_forgery_by_a_thousandth_is_found_at_any_scale": 5,
    "test_a_fixed_workload_fits_however_many_megawatts_a_unit_is": 3,
    # study and diagnosis
    "test_killed_half_way_and_started_again_it_gives_the_same_table": 0,
    "test_every_case_is_labelled_with_its_method": 1,
    "test_feasible_by_construction_for_every_method": 2,
    "test_with_zero_of_something_every_method_has_a_schedule": 2,
    "test_declining_fewer_jobs_is_not_enough": 1,
    "test_the_diagnosis_agrees_with_the_solver_and_cures": 2,
    "test_a_method_is_diagnosed_with_what_it_leaves": 2,
    # files, command line, proof, solver
    "test_a_family_of_the_users_own": 1,
    "test_an_output_of_its_kind_is_replaced_if_asked": 2,
    "test_no_lie_becomes_a_schedule": 13,
    "test_a_save_that_fails_at_any_step_leaves_one_whole_version": 1,
    "test_each_is_refused_by_name": 8,
    "test_round_trips_are_exact": 8,
    "test_windows_and_tightened_limits_are_the_same": 8,
    "test_a_method_leaves_the_same": 3,
    "test_a_proof_imports_nothing_of_the_model_not_even_indirectly": 3,
    "test_the_gap_is_of_the_exact_turnover": 1,
    "test_the_dispatch_is_the_best_for_its_jobs": 4,
    "test_turnover_is_the_sum_of_what_is_bought_sold_and_run": 3,
    "test_polishing_never_loses": 2,
}
