"""Have the application in the working directory make its database: `python make.py 3` writes three authors.

With `python make.py 3 kept`, Flask-Migrate makes the tables, by a revision that it writes itself.
"""

import sys
from pathlib import Path

import flask_migrate

sys.path.insert(0, str(Path.cwd()))
from app import app, db, fill  # type: ignore[import-not-found]

with app.app_context():
    if "kept" in sys.argv:
        flask_migrate.init()
        # As those do, by its documentation, whose columns have types of another library's.
        template = Path("migrations/script.py.mako")
        imports = "import sqlalchemy as sa\nimport advanced_alchemy.types"
        template.write_text(template.read_text().replace("import sqlalchemy as sa", imports))
        flask_migrate.migrate(message="authors and books")
        flask_migrate.upgrade()
    else:
        db.create_all()
    fill(int(sys.argv[1]))
