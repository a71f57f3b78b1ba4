"""Documents in Markdown held against themselves: sums, counts, citations, percentages."""
