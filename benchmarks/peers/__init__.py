"""What the benchmarks measure us beside, each as a program of its own."""
