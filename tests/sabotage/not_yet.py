"""Requirements that no fault is tried against, each with the reason."""

NOT_YET = {
    "EN-05": "a comparison of times belongs to the benchmarks, which measure; the work behind both answers is counted"
    " here (EN-03, EN-07)",
}
