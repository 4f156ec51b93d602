"""Django REST Framework, as in its tutorial and guide: `gunicorn benchmarks.peers.drf.wsgi:application`."""
