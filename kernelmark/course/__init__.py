"""nbgrader's side: settings, the grade book, preprocessors, exports, and what a run that was stopped goes on with."""
