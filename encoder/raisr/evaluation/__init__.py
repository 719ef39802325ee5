"""How good images are: metrics, comparisons, reports and plots."""
