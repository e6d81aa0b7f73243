"""`python -m crmcore.cli` is `crm`."""

import sys

from crmcore.cli.run import main

sys.exit(main())
