"""The one seam between nbgrader and Kernelmark; everything else is nbgrader's own."""

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import CheckCellMetadata, GetGrades, IgnorePattern, LimitOutput

try:
    from kernelmark.course.autograde import Conform, Grade, SaveGrades, StudentView, SubmissionExporter
    from kernelmark.course.places import find_by_name
    from kernelmark.course.release import release_steps
    from kernelmark.course.sheet import GradeSheet
    from kernelmark.notebook.markup import FeedbackPage, SafePage, cell2html, clean
except ImportError as error:
    # nbgrader shrugs off a config that raises and would grade without any of this, bare.
    raise SystemExit(
        f"nbgrader_config.py needs Kernelmark with its grader in this Python, and its import failed ({error}). "
        "Run `make setup`, then `source .venv/bin/activate`, then this command again; "
        "elsewhere than in a clone of the course: pip install 'kernelmark[grader]'."
    ) from error

c = get_config()  # noqa: F821 - traitlets provides it

# Brackets in a course's path are no pattern, and a folder without a notebook is a submission too.
find_by_name()

c.CourseDirectory.course_id = "kernelmark"
c.CourseDirectory.db_url = "sqlite:///gradebook.db"
c.Exchange.path_includes_course = True

# A marker with a slip in it would publish what it should hide: the release stops there.
c.GenerateAssignment.preprocessors = release_steps()

# The referee in the place of OverwriteCells, DeduplicateIds, Execute, SaveAutoGrades and AssignLatePenalties.
c.Autograde.exporter_class = SubmissionExporter
c.Autograde.sanitize_preprocessors = [Conform, CheckCellMetadata]
c.Autograde.autograde_preprocessors = [Grade, IgnorePattern, LimitOutput, SaveGrades, CheckCellMetadata]

# Feedback shows no hidden test; nothing a student wrote runs, or loads anything, in a reader's browser or spreadsheet.
c.GenerateFeedback.preprocessors = [GetGrades, CSSHTMLHeaderPreprocessor, StudentView]
c.GenerateFeedback.exporter_class = FeedbackPage
c.HTMLExporter.preprocessors = [SafePage]
c.HTMLExporter.filters = {"markdown2html": cell2html, "clean_html": clean}
c.HTMLExporter.sanitize_html = True
c.ExportApp.plugin_class = GradeSheet

# Limits of a submission; `kernelmark doctor` shows all of them with their defaults. A breach names its setting.
# c.Kernelmark.memory_limit_bytes = 2 * 2**30
# c.Kernelmark.cell_timeout_s = 30
# c.Kernelmark.cpu_limit_s = 1200
# c.Kernelmark.run_submissions_uncontained = False
