"""Side by side with what people use instead. Prints ratios; see docs/benchmarks.md."""
