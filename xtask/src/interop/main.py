"""Drives every operation through the vendor's SDK against a running simulator, which the environment names.

The arguments are the names of the operations that there are.
"""

import logging
import os
import sys
import warnings

from huaweicloudsdkcore.auth.internal import MetadataAccessor
from huaweicloudsdkcore.warning.warning import SdkWarning

import commands, events, images, jobs, orders, phones, servers, shared, tags  # noqa: E401, F401
import errors, identity, page  # noqa: E401, F401
from harness import run
from simulation import Simulation

# What the SDK cannot make its types of it only warns of.
warnings.simplefilter("error", SdkWarning)
# Errors are expected; the checks say which.
logging.disable()

# A machine's own metadata service is nobody's business here.
MetadataAccessor._METADATA_ENDPOINT = os.environ["CPH_ENDPOINT"]
simulation = Simulation()
sys.exit(not run(sys.argv[1:], simulation))
