"""Django REST Framework, as its tutorial and its guide show: `gunicorn benchmarks.peers.drf.wsgi:application`."""
