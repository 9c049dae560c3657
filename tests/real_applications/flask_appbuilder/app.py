"""Flask-AppBuilder as its documentation's first steps set it up: ``FOLDER PORT``."""

import sys

from flask import Flask
from flask_appbuilder import AppBuilder
from flask_appbuilder.utils.legacy import get_sqla_class

folder, port = sys.argv[1:]
app = Flask(__name__)
app.config |= {
    "SECRET_KEY": "only for trials, only on this machine",
    "SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder}/app.db",
    "WTF_CSRF_ENABLED": True,
}
db = get_sqla_class()(app)

if __name__ == "__main__":
    with app.app_context():
        builder = AppBuilder(app, db.session)
        role = builder.sm.find_role("Admin")
        builder.sm.add_user("ann", "Ann", "Otter", "ann@post.example", role, "violet-otter-91")
    app.run(port=int(port), threaded=True)
