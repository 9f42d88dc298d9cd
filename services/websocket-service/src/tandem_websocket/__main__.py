"""``python -m tandem_websocket`` runs the service."""

import sys

from tandem_websocket.main import main

sys.exit(main())
