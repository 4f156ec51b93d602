"""Create the database of the application in the working directory: `python make.py 3` writes three authors.

With `python make.py 3 kept`, Flask-Migrate creates the tables, by a revision that it generates.
"""

import sys
from pathlib import Path

import flask_migrate

sys.path.insert(0, str(Path.cwd()))
from app import app, db, fill  # type: ignore[import-not-found]

with app.app_context():
    if "kept" in sys.argv:
        flask_migrate.init()
        # As its documentation tells those to do whose columns have another library's types.
        template = Path("migrations/script.py.mako")
        imports = "import sqlalchemy as sa\nimport advanced_alchemy.types"
        template.write_text(template.read_text().replace("import sqlalchemy as sa", imports))
        flask_migrate.migrate(message="authors and books")
        flask_migrate.upgrade()
    else:
        db.create_all()
    fill(int(sys.argv[1]))
