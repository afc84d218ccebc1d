"""From result files to what a person sees: tables, verdicts, figures and the report. Nothing here is typed in."""
