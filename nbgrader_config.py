"""The one seam between nbgrader and Kernelmark; everything else is nbgrader's own."""

try:
    import kernelmark
except ImportError as error:
    # nbgrader shrugs off a config that raises and would grade without any of this, bare.
    raise SystemExit(
        f"nbgrader_config.py needs Kernelmark in this Python, and its import failed ({error}). "
        "Run `make setup`, then `source .venv/bin/activate`, then this command again; "
        "elsewhere than in a clone of the course: pip install 'kernelmark[grader]'."
    ) from error

c = get_config()  # noqa: F821 - traitlets provides it

c.CourseDirectory.course_id = "kernelmark"
c.CourseDirectory.db_url = "sqlite:///gradebook.db"
c.Exchange.path_includes_course = True

# Limits of a submission; `kernelmark doctor` shows all of them with their defaults. A breach names its setting.
# c.Kernelmark.memory_limit_bytes = 2 * 2**30
# c.Kernelmark.cell_timeout_s = 30
# c.Kernelmark.cpu_limit_s = 1200
# c.Kernelmark.run_submissions_uncontained = False

# The referee, the check of a release, the pages: see kernelmark/course/seam.py. Settings above and below stay.
kernelmark.use(c)
